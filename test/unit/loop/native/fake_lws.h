// What stands in for lws where the event loop is tested: sockets whose service is a function.
#ifndef LWS_SS_TEST_UNIT_LOOP_NATIVE_FAKE_LWS_H_
#define LWS_SS_TEST_UNIT_LOOP_NATIVE_FAKE_LWS_H_

#include <libwebsockets.h>

#include <functional>
#include <map>
#include <memory>

struct lws {
  lws_context* context;
  lws_sockfd_type fd;
  bool is_connecting;
  bool is_buffered;
  // How often it can be read again without its socket, as what TLS has read already.
  int read_ahead;
};

struct lws_context {
  // Where the event loop keeps its own pointer.
  void* per_thread[1] = {};
  std::map<lws_sockfd_type, std::unique_ptr<lws>> sockets;
  std::function<void(lws_sockfd_type fd, bool readable, bool writable)> service;
  std::function<void(lws_sockfd_type fd)> lose;
  // In ms of lws_now_usecs(); 0 for none.
  uint64_t deadline = 0;
  // Something waits for a turn, and nothing else will cause one.
  bool forced = false;
  int services_forced = 0;
  int acknowledgements = 0;

  explicit lws_context(void* loop);

  // What lws does when it has got a socket, and when it closes one.
  bool Adopt(lws_sockfd_type fd, bool is_connecting);
  void Close(lws_sockfd_type fd);
  // `flags` are those of lws_event_loop_ops' io().
  void Io(lws_sockfd_type fd, unsigned int flags);
};

// How often the event loop has called uv_poll_start() and uv_timer_start().
extern int poll_starts, timer_starts;

#endif
