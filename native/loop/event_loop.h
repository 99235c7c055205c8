// The event loop of one lws context, on the uv loop of its environment.
#ifndef LWS_SS_NATIVE_LOOP_EVENT_LOOP_H_
#define LWS_SS_NATIVE_LOOP_EVENT_LOOP_H_

#include <libwebsockets.h>
#include <uv.h>

#include <functional>
#include <unordered_set>
#include <vector>

#include "loop/resolver.h"
#include "loop/socket_index.h"
#include "loop/socket_map.h"

class LingeringSocket;
class LoopClient;
class RequestCounter;

// The libwebsockets event loop interface on a uv loop: one uv_poll_t per socket, armed for reading
// once; writes tried at once and polled for only when the socket would not take them; what is
// polled for changed only before the loop blocks; one timer. Deletes itself when the handles that
// Close() closes are gone.
class EventLoop {
 public:
  EventLoop(uv_loop_t* loop, LoopClient* client, RequestCounter* counter);

  static const lws_plugin_evlib_t* Plugin();

  static EventLoop* Of(lws_context* context);

  void SetContext(lws_context* context) { context_ = context; }
  Resolver& resolver() { return resolver_; }

  void PrefetchWatcher(lws_sockfd_type fd) const;

  // Has LoopClient::Turn() called before the loop blocks next.
  void RequestTurn();

  // Lets sockets that asked to write do so, runs what is due, and sets the timer for the next.
  void ServicePending();

  // Whether this loop alone keeps the process running.
  void KeepAlive(bool on);

  // Sockets that lws has closed, or closes, do not wait any more until their peers have read all.
  void MakeHaste();

  void Close(std::function<void()> closed);

 private:
  // What is watched of one socket.
  struct Watcher {
    uv_poll_t poll;
    EventLoop* owner;
    lws_sockfd_type fd;
    // The uv_poll_event flags that uv is to poll for, and those that it polls for now.
    int interest = 0;
    int armed = 0;
    bool connected = false;
    // lws has asked for a turn to write, and has not had it yet.
    bool wants_write = false;
    // Whether the socket is in writers_, in to_arm_, and in to_acknowledge_.
    bool queued = false;
    bool to_arm = false;
    bool to_acknowledge = false;
  };

#ifdef _WIN32
  using WatcherTable = SocketMap<lws_sockfd_type, Watcher>;
#else
  using WatcherTable = SocketIndex<lws_sockfd_type, Watcher>;
#endif

  static EventLoop* Of(lws* wsi);
  static int OnInitPt(lws_context* context, void* loop, int tsi);
  static int OnSocket(lws* wsi);
  static void OnHandOver(lws* wsi, int done);
  static void OnIo(lws* wsi, unsigned int flags);
  static int OnLogicalClose(lws* wsi);
  static int OnLinger(lws* wsi, lws_sockfd_type fd);
  static void OnPoll(uv_poll_t* handle, int status, int events);
  static void OnPrepare(uv_prepare_t* handle);
  static void OnTimer(uv_timer_t* handle);
  static void OnHandleClosed(uv_handle_t* handle);

  Watcher* Find(lws_sockfd_type fd) const { return watchers_.Find(fd); }
  bool Add(lws* wsi);
  void Remove(Watcher* watcher);
  void ArmLater(Watcher* watcher);
  void ArmAll();
  void AcknowledgeLater(Watcher* watcher);
  void AcknowledgeAll();
  void Serve(Watcher* watcher, short revents);
  void QueueWrites(Watcher* watcher);
  void ServeWrites(lws_sockfd_type fd);
  void DrainWrites();
  void Wake();
  void SetTimer(uint64_t in_ms);
  void CloseHandle(uv_handle_t* handle);
  void HandleClosed();

  uv_loop_t* loop_;
  lws_context* context_ = nullptr;
  LoopClient* client_;
  Resolver resolver_;
  std::function<void()> closed_;
  uv_prepare_t prepare_;
  uv_timer_t timer_;
  uv_idle_t idle_;
  uv_async_t alive_;
  int open_handles_ = 4;
  bool closing_ = false;
  bool in_haste_ = false;
  bool turn_requested_ = false;
  bool in_turn_ = false;
  bool more_due_ = false;
  lws_sockfd_type handing_over_ = LWS_SOCK_INVALID;
  WatcherTable watchers_;
  std::unordered_set<LingeringSocket*> lingering_;
  // Sockets that are to write in the next turn.
  std::vector<lws_sockfd_type> writers_;
  // Sockets whose interest has changed; uv is told before the loop blocks.
  std::vector<lws_sockfd_type> to_arm_;
  // Sockets that were read, and not written to since.
  std::vector<lws_sockfd_type> to_acknowledge_;
};

#endif
