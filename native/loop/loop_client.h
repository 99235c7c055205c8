// The one that an event loop works for.
#ifndef LWS_SS_NATIVE_LOOP_LOOP_CLIENT_H_
#define LWS_SS_NATIVE_LOOP_LOOP_CLIENT_H_

class LoopClient {
 public:
  // Around each call into lws that the loop makes. Such calls may nest.
  class Scope {
   public:
    explicit Scope(LoopClient* client) : client_(client) { client_->Enter(); }
    ~Scope() { client_->Leave(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    LoopClient* client_;
  };

  // Called before the loop blocks, if EventLoop::RequestTurn() was called. The client does its own
  // work, and then has the loop do its work with EventLoop::ServicePending(); or it closes the
  // loop.
  virtual void Turn() = 0;

  virtual void Enter() = 0;
  virtual void Leave() = 0;

 protected:
  ~LoopClient() = default;
};

#endif
