// The one that is told of each uv request, since a request may outlive the loop's client.
#ifndef LWS_SS_NATIVE_LOOP_REQUEST_COUNTER_H_
#define LWS_SS_NATIVE_LOOP_REQUEST_COUNTER_H_

class RequestCounter {
 public:
  virtual void RequestStarted() = 0;
  virtual void RequestDone() = 0;

 protected:
  ~RequestCounter() = default;
};

#endif
