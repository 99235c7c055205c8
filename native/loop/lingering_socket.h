// A socket whose connection is over, and whose peer has not read all yet.
#ifndef LWS_SS_NATIVE_LOOP_LINGERING_SOCKET_H_
#define LWS_SS_NATIVE_LOOP_LINGERING_SOCKET_H_

#include <libwebsockets.h>
#include <uv.h>

#include <functional>

// Ends the sending side of a socket, and throws away what still comes, until the peer has ended its
// side, 5 s are over, or 16 MiB have come. A socket that is closed with unread bytes is reset, and
// what the peer has not read of ours is lost then. Keeps the process running. Deletes itself.
class LingeringSocket {
 public:
  using Closed = std::function<void(LingeringSocket*)>;

  // Null if there is nothing to wait for; the socket is as it was then.
  static LingeringSocket* Start(uv_loop_t* loop, lws_sockfd_type socket, Closed closed);

  void Close();

 private:
  LingeringSocket(lws_sockfd_type socket, Closed closed);
  ~LingeringSocket() = default;

  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnHandleClosed(uv_handle_t* handle);

  uv_poll_t poll_;
  uv_timer_t timer_;
  lws_sockfd_type socket_;
  Closed closed_;
  size_t discarded_ = 0;
  int open_handles_ = 2;
};

#endif
