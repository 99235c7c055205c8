#ifndef LWS_SS_NATIVE_EVENT_LOOP_H_
#define LWS_SS_NATIVE_EVENT_LOOP_H_

#include <libwebsockets.h>
#include <uv.h>

#include <functional>
#include <vector>

class SsContext;

// The libwebsockets event loop interface on a uv loop: one uv_poll_t per socket, armed for reading
// once; writes tried at once and polled for only when the socket would not take them; what is
// polled for changed only before the loop blocks; one timer. Deletes itself when the handles that
// Close() closes are gone.
class EventLoop {
 public:
  // SsContext::Turn() is called before the loop blocks, whenever something happened that lws may
  // have to act on.
  EventLoop(uv_loop_t* loop, SsContext* context);

  static const lws_plugin_evlib_t* Plugin();

  void SetContext(lws_context* context) { context_ = context; }
  uv_loop_t* uv() const { return loop_; }

  void PrefetchWatcher(lws_sockfd_type fd) const;

  // Asks for a turn before the loop blocks next.
  void Touch();

  // Lets sockets that asked to write do so, runs what is due, and sets the timer for the next.
  void ServicePending();

  // Whether this loop alone keeps the process running.
  void KeepAlive(bool on);

  void Close(std::function<void()> closed);

 private:
  struct Watcher {
    uv_poll_t poll;
    EventLoop* owner;
    lws_sockfd_type fd;
    int wanted = 0;
    int armed = 0;
    bool connected = false;
    bool wants_write = false;
    bool queued = false;
    bool rearming = false;
    bool closing = false;
    bool unanswered = false;
  };

  static EventLoop* Of(lws* wsi);
  static int OnInitPt(lws_context* context, void* loop, int tsi);
  static int OnSocket(lws* wsi);
  static void OnHandOver(lws* wsi, int done);
  static void OnIo(lws* wsi, unsigned int flags);
  static int OnLogicalClose(lws* wsi);
  static void OnPoll(uv_poll_t* handle, int status, int events);
  static void OnPrepare(uv_prepare_t* handle);
  static void OnTimer(uv_timer_t* handle);
  static void OnHandleClosed(uv_handle_t* handle);

  Watcher* Find(lws_sockfd_type fd) const;
  bool Add(lws* wsi);
  void Remove(Watcher* watcher);
  void Rearm(Watcher* watcher);
  void ArmAll();
  void NoteRead(Watcher* watcher);
  void AcknowledgeAll();
  void Serve(Watcher* watcher, short revents);
  void QueueWrites(Watcher* watcher);
  void ServeWrites(lws_sockfd_type fd);
  void DrainWrites();
  void Wake();
  void CloseHandle(uv_handle_t* handle);

  uv_loop_t* loop_;
  lws_context* context_ = nullptr;
  SsContext* owner_;
  std::function<void()> closed_;
  uv_prepare_t prepare_;
  uv_timer_t timer_;
  uv_idle_t idle_;
  uv_async_t alive_;
  int open_handles_ = 4;
  bool closing_ = false;
  bool touched_ = false;
  bool in_turn_ = false;
  bool more_due_ = false;
  lws_sockfd_type handing_over_ = LWS_SOCK_INVALID;
  // By socket, which is a small number on all systems: to find one takes no detour through memory.
  std::vector<Watcher*> watchers_;
  std::vector<lws_sockfd_type> writers_;
  std::vector<lws_sockfd_type> rearming_;
  // What was read from, and not written to since.
  std::vector<lws_sockfd_type> unanswered_;
};

#endif
