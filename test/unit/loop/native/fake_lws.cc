// The functions of lws, and of native/lws, that the event loop calls.
#include "fake_lws.h"

#include <uv.h>

#include <algorithm>

#include "loop/event_loop.h"
#include "lws/sockets.h"
#include "sockets.h"

int poll_starts = 0;
int timer_starts = 0;

namespace {

const lws_event_loop_ops* Ops() { return EventLoop::Plugin()->ops; }

// The clock of the loop that is tested, so that a slow machine does not make one of them early.
uint64_t NowMs() { return uv_now(uv_default_loop()); }

lws* Find(const lws_context* context, lws_sockfd_type fd) {
  const auto found = context->sockets.find(fd);
  return found == context->sockets.end() ? nullptr : found->second.get();
}

}  // namespace

lws_context::lws_context(void* loop) { Ops()->init_pt(this, loop, 0); }

bool lws_context::Adopt(lws_sockfd_type fd, bool is_connecting) {
  auto& wsi = sockets[fd] = std::unique_ptr<lws>(new lws{this, fd, is_connecting, false, 0});
  if (Ops()->sock_accept(wsi.get())) {
    sockets.erase(fd);
    return false;
  }
  Ops()->io(wsi.get(), LWS_EV_START | LWS_EV_READ);
  return true;
}

void lws_context::Close(lws_sockfd_type fd) {
  lws* wsi = Find(this, fd);
  if (!wsi) return;
  Ops()->io(wsi, LWS_EV_STOP | LWS_EV_READ | LWS_EV_WRITE);
  Ops()->wsi_logical_close(wsi);
  sockets.erase(fd);
  CloseSocket(fd);
}

void lws_context::Io(lws_sockfd_type fd, unsigned int flags) {
  if (lws* wsi = Find(this, fd)) Ops()->io(wsi, flags);
}

extern "C" {

// The event loop is compiled with these in place of uv's.
int counted_uv_poll_start(uv_poll_t* handle, int events, uv_poll_cb callback) {
  poll_starts++;
  return uv_poll_start(handle, events, callback);
}

int counted_uv_timer_start(uv_timer_t* handle, uv_timer_cb callback, uint64_t in, uint64_t every) {
  timer_starts++;
  return uv_timer_start(handle, callback, in, every);
}

void* lws_evlib_tsi_to_evlib_pt(lws_context* context, int) { return context->per_thread; }
void* lws_evlib_wsi_to_evlib_pt(lws* wsi) { return wsi->context->per_thread; }
lws_context* lws_get_context(const lws* wsi) { return wsi->context; }
lws_sockfd_type lws_get_socket_fd(lws* wsi) { return wsi->fd; }
int lws_partial_buffered(lws* wsi) { return wsi->is_buffered; }
lws_usec_t lws_now_usecs() { return static_cast<lws_usec_t>(uv_hrtime() / 1000); }

int lws_service_fd(lws_context* context, lws_pollfd* pollfd) {
  lws* wsi = Find(context, pollfd->fd);
  if (!wsi) return 0;
  const bool writable = pollfd->revents & LWS_POLLOUT;
  if (writable) {
    wsi->is_connecting = false;
    Ops()->io(wsi, LWS_EV_STOP | LWS_EV_WRITE);
  }
  context->service(pollfd->fd, pollfd->revents & LWS_POLLIN, writable);
  return 0;
}

int lws_service_adjust_timeout(lws_context* context, int limit_ms, int) {
  if (context->forced) return 0;
  if (context->deadline == 0) return limit_ms;
  const uint64_t now = NowMs();
  if (context->deadline <= now) {
    context->deadline = 0;
    context->service(LWS_SOCK_INVALID, false, false);
    return lws_service_adjust_timeout(context, limit_ms, 0);
  }
  return static_cast<int>(std::min<uint64_t>(context->deadline - now, INT_MAX / 2));
}

void ssi_service_forced(lws_context* context) {
  context->forced = false;
  context->services_forced++;
}

void lws_cork(lws*) {}
void lws_uncork(lws_context*, int) {}
size_t lws_corked(lws_context*, int) { return 0; }

lws* ssi_wsi_of_socket(lws_context* context, lws_sockfd_type fd) { return Find(context, fd); }
int ssi_is_connecting(const lws* wsi) { return wsi->is_connecting; }
int ssi_has_read_ahead(lws_context* context, lws_sockfd_type fd) {
  lws* wsi = Find(context, fd);
  return wsi && wsi->read_ahead > 0 && wsi->read_ahead--;
}
void ssi_acknowledge_now(lws_context* context, lws_sockfd_type) { context->acknowledgements++; }
void ssi_lose_connection(lws_context* context, lws_sockfd_type fd) { context->lose(fd); }

// Only the resolver and its race of addresses need these, which are not tested here.
void lws_sul_schedule(lws_context*, int, lws_sorted_usec_list_t*, sul_cb_t, lws_usec_t) {}
void lws_sul_cancel(lws_sorted_usec_list_t*) {}
int ssi_start_connecting(const lws*, const sockaddr*, lws_sockfd_type*) { return ECONNREFUSED; }
int ssi_socket_error(lws_sockfd_type) { return 0; }
void ssi_close_socket(lws_sockfd_type) {}
int ssi_end_sending(lws_sockfd_type) { return 0; }
int ssi_discard(lws_sockfd_type, size_t*) { return 0; }
uint64_t ssi_connect_limit_ms(const lws*) { return 0; }
void ssi_note_addresses(lws*, const addrinfo*) {}
}
