// Starts the attempts, one after the other, and gives the first connected socket to lws.
#include "loop/connect_race.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lws/sockets.h"

namespace {

// RFC 8305, section 5: the Connection Attempt Delay.
constexpr uint64_t kDelayMs = 250;
// How many of the addresses that failed are worth a place in the message.
constexpr size_t kFailuresToTell = 3;
#ifdef _WIN32
constexpr int kTimedOut = WSAETIMEDOUT;
#else
constexpr int kTimedOut = ETIMEDOUT;
#endif

std::vector<const sockaddr*> FamiliesInTurn(const addrinfo* found) {
  std::vector<const sockaddr*> first, second, all;
  for (const addrinfo* one = found; one; one = one->ai_next)
    (one->ai_family == found->ai_family ? first : second).push_back(one->ai_addr);
  for (size_t n = 0; n < std::max(first.size(), second.size()); n++) {
    if (n < first.size()) all.push_back(first[n]);
    if (n < second.size()) all.push_back(second[n]);
  }
  return all;
}

}  // namespace

ConnectRace::ConnectRace(uv_loop_t* loop, lws* wsi, const addrinfo* found, uint64_t limit_ms,
                         Done done, std::function<void()> closed)
    : wsi_(wsi),
      limit_ms_(limit_ms),
      done_(std::move(done)),
      closed_(std::move(closed)),
      addresses_(FamiliesInTurn(found)) {
  uv_timer_init(loop, &timer_);
  timer_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&timer_));
}

void ConnectRace::Start() { TryNext(); }

void ConnectRace::TryNext() {
  const size_t before = next_;
  while (next_ < addresses_.size() && !Try(addresses_[next_++])) continue;
  if (going_.empty())
    Finish(LWS_SOCK_INVALID);
  else if (next_ > before)
    uv_timer_start(&timer_, OnTimer, next_ < addresses_.size() ? kDelayMs : limit_ms_, 0);
}

bool ConnectRace::Try(const sockaddr* address) {
  lws_sockfd_type socket;
  if (const int error = ssi_start_connecting(wsi_, address, &socket)) {
    NoteFailure(address, error);
    return false;
  }
  auto* attempt = new Attempt{{}, this, address, socket};
  if (const int error = uv_poll_init_socket(timer_.loop, &attempt->poll, socket)) {
    NoteFailure(address, -error);
    ssi_close_socket(socket);
    delete attempt;
    return false;
  }
  attempt->poll.data = attempt;
  uv_unref(reinterpret_cast<uv_handle_t*>(&attempt->poll));
  open_handles_++;
  going_.push_back(attempt);
  uv_poll_start(&attempt->poll, UV_WRITABLE, OnPoll);
  return true;
}

void ConnectRace::OnPoll(uv_poll_t* handle, int, int) {
  auto* attempt = static_cast<Attempt*>(handle->data);
  ConnectRace* self = attempt->race;
  const int error = ssi_socket_error(attempt->socket);
  if (!error) {
    const lws_sockfd_type socket = std::exchange(attempt->socket, LWS_SOCK_INVALID);
    self->Finish(socket);
    return;
  }
  self->NoteFailure(attempt->address, error);
  self->Stop(attempt);
  self->TryNext();
}

void ConnectRace::OnTimer(uv_timer_t* handle) {
  auto* self = static_cast<ConnectRace*>(handle->data);
  if (self->next_ == self->addresses_.size())
    while (!self->going_.empty()) {
      self->NoteFailure(self->going_[0]->address, kTimedOut);
      self->Stop(self->going_[0]);
    }
  self->TryNext();
}

void ConnectRace::Stop(Attempt* attempt) {
  going_.erase(std::find(going_.begin(), going_.end(), attempt));
  uv_close(reinterpret_cast<uv_handle_t*>(&attempt->poll), [](uv_handle_t* handle) {
    auto* stopped = static_cast<Attempt*>(handle->data);
    stopped->race->HandleClosed();
    delete stopped;
  });
  if (attempt->socket != LWS_SOCK_INVALID) ssi_close_socket(attempt->socket);
}

void ConnectRace::NoteFailure(const sockaddr* address, int error) {
  char name[INET6_ADDRSTRLEN] = "";
  uv_ip_name(address, name, sizeof(name));
  if (failures_++ < kFailuresToTell)
    failure_ +=
        (failure_.empty() ? "conn fail: " : ", ") + std::to_string(error) + " (" + name + ")";
}

void ConnectRace::Finish(lws_sockfd_type socket) {
  const Done done = std::move(done_);
  if (failures_ > kFailuresToTell)
    failure_ += " and " + std::to_string(failures_ - kFailuresToTell) + " more";
  const std::string failure = failure_;
  Close();
  done(socket, failure);
}

void ConnectRace::Close() {
  while (!going_.empty()) Stop(going_[0]);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_),
           [](uv_handle_t* handle) { static_cast<ConnectRace*>(handle->data)->HandleClosed(); });
}

void ConnectRace::HandleClosed() {
  if (--open_handles_ > 0) return;
  const std::function<void()> closed = std::move(closed_);
  delete this;
  closed();
}
