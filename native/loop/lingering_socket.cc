// Waits for the end of the peer, and closes the socket.
#include "loop/lingering_socket.h"

#include <utility>

#include "lws/sockets.h"

namespace {

constexpr uint64_t kLongestMs = 5000;
constexpr size_t kMostBytes = 16 * 1024 * 1024;

}  // namespace

LingeringSocket* LingeringSocket::Start(uv_loop_t* loop, lws_sockfd_type socket, Closed closed) {
  if (!ssi_end_sending(socket)) return nullptr;
  auto* self = new LingeringSocket(socket, std::move(closed));
  if (uv_poll_init_socket(loop, &self->poll_, socket) != 0) {
    delete self;
    return nullptr;
  }
  uv_timer_init(loop, &self->timer_);
  self->poll_.data = self->timer_.data = self;
  uv_poll_start(&self->poll_, UV_READABLE, OnReadable);
  uv_timer_start(
      &self->timer_, [](uv_timer_t* timer) { static_cast<LingeringSocket*>(timer->data)->Close(); },
      kLongestMs, 0);
  return self;
}

LingeringSocket::LingeringSocket(lws_sockfd_type socket, Closed closed)
    : socket_(socket), closed_(std::move(closed)) {}

void LingeringSocket::OnReadable(uv_poll_t* handle, int status, int) {
  auto* self = static_cast<LingeringSocket*>(handle->data);
  const bool more = status == 0 && ssi_discard(self->socket_, &self->discarded_);
  if (!more || self->discarded_ > kMostBytes) self->Close();
}

void LingeringSocket::Close() {
  if (uv_is_closing(reinterpret_cast<uv_handle_t*>(&poll_))) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), OnHandleClosed);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), OnHandleClosed);
  ssi_close_socket(socket_);
}

void LingeringSocket::OnHandleClosed(uv_handle_t* handle) {
  auto* self = static_cast<LingeringSocket*>(handle->data);
  if (--self->open_handles_ > 0) return;
  const Closed closed = std::move(self->closed_);
  closed(self);
  delete self;
}
