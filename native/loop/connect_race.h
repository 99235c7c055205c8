// Connecting to the first of several addresses that answers.
#ifndef LWS_SS_NATIVE_LOOP_CONNECT_RACE_H_
#define LWS_SS_NATIVE_LOOP_CONNECT_RACE_H_

#include <libwebsockets.h>
#include <uv.h>

#include <functional>
#include <string>
#include <vector>

// Connects to the first of several addresses that answers, as RFC 8305 ("Happy Eyeballs") has it:
// the families take turns, the next address is tried after 250 ms or as soon as one has failed, and
// each attempt goes on until one is connected or the time of the last is over. Deletes itself.
class ConnectRace {
 public:
  // A connected socket, which the receiver has to close, or why there is none.
  using Done = std::function<void(lws_sockfd_type socket, const std::string& failure)>;

  // `limit_ms` is how long the last address has; `closed` is called when all is over and closed.
  ConnectRace(uv_loop_t* loop, lws* wsi, const addrinfo* found, uint64_t limit_ms, Done done,
              std::function<void()> closed);

  void Start();
  // Ends it without telling how it went.
  void Close();

 private:
  struct Attempt {
    uv_poll_t poll;
    ConnectRace* race;
    const sockaddr* address;
    lws_sockfd_type socket;
  };

  ~ConnectRace() = default;

  static void OnPoll(uv_poll_t* handle, int status, int events);
  static void OnTimer(uv_timer_t* handle);

  void TryNext();
  bool Try(const sockaddr* address);
  void Stop(Attempt* attempt);
  void NoteFailure(const sockaddr* address, int error);
  void Finish(lws_sockfd_type socket);
  void HandleClosed();

  uv_timer_t timer_;
  lws* wsi_;
  uint64_t limit_ms_;
  Done done_;
  std::function<void()> closed_;
  std::vector<const sockaddr*> addresses_;
  size_t next_ = 0;
  std::vector<Attempt*> going_;
  std::string failure_;
  size_t failures_ = 0;
  int open_handles_ = 1;
};

#endif
