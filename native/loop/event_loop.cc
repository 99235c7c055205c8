// Watches the sockets of lws, and has it read, write, and do what is due.
#include "loop/event_loop.h"

#include <algorithm>
#include <climits>
#include <utility>

#include "loop/lingering_socket.h"
#include "loop/loop_client.h"
#include "lws/prefetch.h"
#include "lws/sockets.h"

namespace {

// How often and how much one socket may write, and how many rounds all that want to may have,
// before the loop looks at everything else again.
constexpr int kWritesPerRound = 64;
constexpr size_t kBytesPerRound = 512 * 1024;
constexpr int kTurnsInARow = 8;
// How often one socket is read before JavaScript hears of what has come.
constexpr int kReadsPerTurn = 16;
constexpr int kLongestWaitMs = INT_MAX / 2;

struct PerThread {
  EventLoop* loop;
};

}  // namespace

EventLoop::EventLoop(uv_loop_t* loop, LoopClient* client, RequestCounter* counter)
    : loop_(loop), client_(client), resolver_(loop, client, counter) {
  uv_prepare_init(loop, &prepare_);
  uv_timer_init(loop, &timer_);
  uv_idle_init(loop, &idle_);
  uv_async_init(loop, &alive_, nullptr);
  for (uv_handle_t* handle :
       {reinterpret_cast<uv_handle_t*>(&prepare_), reinterpret_cast<uv_handle_t*>(&timer_),
        reinterpret_cast<uv_handle_t*>(&idle_), reinterpret_cast<uv_handle_t*>(&alive_)}) {
    handle->data = this;
    uv_unref(handle);
  }
}

const lws_plugin_evlib_t* EventLoop::Plugin() {
  static const lws_event_loop_ops ops = [] {
    lws_event_loop_ops o = {};
    o.name = "node";
    o.init_pt = OnInitPt;
    o.init_vhost_listen_wsi = OnSocket;
    o.sock_accept = OnSocket;
    o.hand_over = OnHandOver;
    o.io = OnIo;
    o.wsi_logical_close = OnLogicalClose;
    o.linger = OnLinger;
    o.evlib_size_pt = sizeof(PerThread);
    return o;
  }();
  static const lws_plugin_evlib_t plugin = [] {
    lws_plugin_evlib_t p = {};
    p.hdr.name = "node event loop";
    p.hdr._class = "lws_evlib_plugin";
    p.hdr.lws_build_hash = LWS_BUILD_HASH;
    p.hdr.api_magic = LWS_PLUGIN_API_MAGIC;
    p.ops = &ops;
    return p;
  }();
  return &plugin;
}

EventLoop* EventLoop::Of(lws_context* context) {
  return static_cast<PerThread*>(lws_evlib_tsi_to_evlib_pt(context, 0))->loop;
}

EventLoop* EventLoop::Of(lws* wsi) {
  return static_cast<PerThread*>(lws_evlib_wsi_to_evlib_pt(wsi))->loop;
}

int EventLoop::OnInitPt(lws_context* context, void* loop, int tsi) {
  static_cast<PerThread*>(lws_evlib_tsi_to_evlib_pt(context, tsi))->loop =
      static_cast<EventLoop*>(loop);
  return 0;
}

int EventLoop::OnSocket(lws* wsi) { return Of(wsi)->Add(wsi) ? 0 : 1; }

// lws passes a socket from one wsi to another. The watcher stays, and what lws says of the socket
// in between does not count.
void EventLoop::OnHandOver(lws* wsi, int done) {
  Of(wsi)->handing_over_ = done ? LWS_SOCK_INVALID : lws_get_socket_fd(wsi);
}

void EventLoop::PrefetchWatcher(lws_sockfd_type fd) const {
  if (const Watcher* watcher = Find(fd)) prefetch(watcher, sizeof(*watcher));
}

bool EventLoop::Add(lws* wsi) {
  const lws_sockfd_type fd = lws_get_socket_fd(wsi);
  if (fd == handing_over_) return true;
  if (Watcher* stale = Find(fd)) Remove(stale);
  auto* watcher = new Watcher();
  watcher->owner = this;
  watcher->fd = fd;
  if (uv_poll_init_socket(loop_, &watcher->poll, fd) != 0) {
    delete watcher;
    return false;
  }
  watcher->poll.data = watcher;
  uv_unref(reinterpret_cast<uv_handle_t*>(&watcher->poll));
  watcher->connected = !ssi_is_connecting(wsi);
  watchers_.Set(fd, watcher);
  return true;
}

void EventLoop::Remove(Watcher* watcher) {
  watchers_.Erase(watcher->fd);
  open_handles_++;
  uv_close(reinterpret_cast<uv_handle_t*>(&watcher->poll), [](uv_handle_t* handle) {
    auto* closed = static_cast<Watcher*>(handle->data);
    handle->data = closed->owner;
    OnHandleClosed(handle);
    delete closed;
  });
}

// uv is told before the loop blocks: while lws works on one event, it may ask for something and
// take that back several times.
void EventLoop::ArmLater(Watcher* watcher) {
  if (watcher->to_arm || watcher->armed == watcher->interest) return;
  watcher->to_arm = true;
  to_arm_.push_back(watcher->fd);
  RequestTurn();
}

void EventLoop::ArmAll() {
  for (const lws_sockfd_type fd : to_arm_) {
    Watcher* watcher = Find(fd);
    if (!watcher || !watcher->to_arm) continue;
    watcher->to_arm = false;
    if (watcher->armed == watcher->interest) continue;
    watcher->armed = watcher->interest;
    if (watcher->interest)
      uv_poll_start(&watcher->poll, watcher->interest, OnPoll);
    else
      uv_poll_stop(&watcher->poll);
  }
  to_arm_.clear();
}

void EventLoop::AcknowledgeLater(Watcher* watcher) {
  if (watcher->to_acknowledge) return;
  watcher->to_acknowledge = true;
  to_acknowledge_.push_back(watcher->fd);
}

// A peer may keep the rest of what it says until it knows that the first part has arrived, which
// the system tells it with the next bytes of ours, or some time later.
void EventLoop::AcknowledgeAll() {
  for (const lws_sockfd_type fd : to_acknowledge_) {
    Watcher* watcher = Find(fd);
    if (!watcher || !watcher->to_acknowledge) continue;
    watcher->to_acknowledge = false;
    ssi_acknowledge_now(context_, fd);
  }
  to_acknowledge_.clear();
}

void EventLoop::OnIo(lws* wsi, unsigned int flags) {
  EventLoop* self = Of(wsi);
  Watcher* watcher = self->Find(lws_get_socket_fd(wsi));
  if (!watcher || watcher->fd == self->handing_over_) return;
  const bool start = flags & LWS_EV_START;
  if (!start && (flags & LWS_EV_READ) && (flags & LWS_EV_WRITE)) {
    // lws is done with the socket. After a failed attempt it closes the socket, and makes no other
    // call.
    self->Remove(watcher);
    return;
  }

  if (flags & LWS_EV_READ) {
    watcher->interest = start ? watcher->interest | UV_READABLE : watcher->interest & ~UV_READABLE;
    self->ArmLater(watcher);
  }
  if (!(flags & LWS_EV_WRITE)) return;

  watcher->wants_write = start;
  // Polling for it goes on: lws mostly asks again at once, and when it does not, OnPoll() ends it.
  if (!start) return;
  if (!watcher->connected) {
    watcher->interest |= UV_WRITABLE;
    self->ArmLater(watcher);
  } else if (!(watcher->interest & UV_WRITABLE)) {
    self->QueueWrites(watcher);
  }
}

void EventLoop::QueueWrites(Watcher* watcher) {
  if (watcher->queued) return;
  watcher->queued = true;
  writers_.push_back(watcher->fd);
  RequestTurn();
}

int EventLoop::OnLogicalClose(lws* wsi) {
  EventLoop* self = Of(wsi);
  const lws_sockfd_type fd = lws_get_socket_fd(wsi);
  if (Watcher* watcher = fd == LWS_SOCK_INVALID ? nullptr : self->Find(fd)) self->Remove(watcher);
  return 0;
}

int EventLoop::OnLinger(lws* wsi, lws_sockfd_type fd) {
  EventLoop* self = Of(wsi);
  if (self->in_haste_) return 1;
  LingeringSocket* started = LingeringSocket::Start(self->loop_, fd, [self](LingeringSocket* it) {
    self->lingering_.erase(it);
    self->HandleClosed();
  });
  if (!started) return 1;
  self->lingering_.insert(started);
  self->open_handles_++;
  return 0;
}

void EventLoop::MakeHaste() {
  in_haste_ = true;
  for (LingeringSocket* socket : lingering_) socket->Close();
}

void EventLoop::Serve(Watcher* watcher, short revents) {
  lws_pollfd pollfd = {};
  pollfd.fd = watcher->fd;
  pollfd.events = static_cast<short>(LWS_POLLIN | LWS_POLLOUT);
  pollfd.revents = revents;
  lws_service_fd(context_, &pollfd);
}

// Lets a socket write while it takes what it is given, up to the bound; then the loop polls for it.
void EventLoop::ServeWrites(lws_sockfd_type fd) {
  Watcher* watcher = Find(fd);
  // Another socket may have got the number of one that is gone.
  if (!watcher || !watcher->queued) return;
  lws* wsi = ssi_wsi_of_socket(context_, fd);
  if (!wsi) {
    watcher->queued = false;
    return;
  }
  lws_cork(wsi);
  for (int n = 0; watcher && watcher->wants_write && n < kWritesPerRound; n++) {
    if (lws_partial_buffered(wsi) || lws_corked(context_, 0) >= kBytesPerRound) break;
    Serve(watcher, LWS_POLLOUT);
    watcher = Find(fd);
    if (ssi_wsi_of_socket(context_, fd) != wsi) break;
  }
  if (watcher && lws_corked(context_, 0) > 0) watcher->to_acknowledge = false;
  lws_uncork(context_, 0);
  watcher = Find(fd);
  if (!watcher) return;
  // While it had its turn, asking for another did not put it into writers_ again.
  watcher->queued = false;
  if (!watcher->wants_write) return;
  watcher->interest |= UV_WRITABLE;
  ArmLater(watcher);
}

void EventLoop::DrainWrites() {
  std::vector<lws_sockfd_type> writers;
  writers.swap(writers_);
  for (const lws_sockfd_type fd : writers) ServeWrites(fd);
}

void EventLoop::OnPoll(uv_poll_t* handle, int status, int events) {
  auto* watcher = static_cast<Watcher*>(handle->data);
  EventLoop* self = watcher->owner;
  const lws_sockfd_type fd = watcher->fd;
  const bool was_connecting = !watcher->connected;
  short revents = 0;

  if (status < 0) {
    // uv has stopped polling. A connection attempt finds its error by trying to go on; an
    // established one reads what is left, unless its reader waits: then by trying to write.
    watcher->armed = 0;
    const bool reads = watcher->interest & UV_READABLE;
    if (!was_connecting && reads)
      revents = LWS_POLLIN | LWS_POLLHUP;
    else if (was_connecting || watcher->wants_write)
      revents = LWS_POLLOUT;
  } else {
    if (events & UV_READABLE) revents |= LWS_POLLIN;
    if (events & UV_WRITABLE) {
      watcher->connected = true;
      if (watcher->wants_write) revents |= LWS_POLLOUT;
    }
  }

  self->RequestTurn();
  const LoopClient::Scope scope(self->client_);
  if (revents) self->Serve(watcher, revents);
  watcher = self->Find(fd);
  for (int n = 1; watcher && n < kReadsPerTurn && ssi_has_read_ahead(self->context_, fd); n++) {
    self->Serve(watcher, LWS_POLLIN);
    watcher = self->Find(fd);
  }
  if (!watcher) return;
  if (revents & LWS_POLLIN) self->AcknowledgeLater(watcher);
  const bool failed = status < 0 && !was_connecting;
  // By now the number may be that of another connection's socket.
  if (failed && watcher == handle->data && !(watcher->interest & UV_READABLE)) {
    // uv would report the error again and again. What nobody reads can wait. What was to be written
    // is lost, and lws has to know that.
    watcher->interest = 0;
    if (watcher->wants_write) ssi_lose_connection(self->context_, fd);
  }
  if ((watcher->armed & UV_WRITABLE) && watcher->connected) {
    watcher->interest &= ~UV_WRITABLE;
    if (watcher->wants_write) self->QueueWrites(watcher);
  }
  self->ArmLater(watcher);
}

void EventLoop::RequestTurn() {
  turn_requested_ = true;
  if (!in_turn_) Wake();
}

// A prepare handle that is started while others run, as by the turn of another context, waits for
// the loop's next round; the idle handle keeps the loop from blocking until then.
void EventLoop::Wake() {
  if (closing_) return;
  uv_prepare_start(&prepare_, OnPrepare);
  uv_idle_start(&idle_, [](uv_idle_t*) {});
}

void EventLoop::OnPrepare(uv_prepare_t* handle) {
  auto* self = static_cast<EventLoop*>(handle->data);
  uv_prepare_stop(&self->prepare_);
  uv_idle_stop(&self->idle_);
  self->in_turn_ = true;
  self->more_due_ = false;
  for (int n = 0; self->turn_requested_ && !self->closing_ && n < kTurnsInARow; n++) {
    self->turn_requested_ = false;
    self->client_->Turn();
  }
  self->in_turn_ = false;
  self->ArmAll();
  if (!self->closing_) self->AcknowledgeAll();
  if (self->turn_requested_ || self->more_due_) self->RequestTurn();
}

void EventLoop::OnTimer(uv_timer_t* handle) {
  static_cast<EventLoop*>(handle->data)->RequestTurn();
}

void EventLoop::ServicePending() {
  {
    const LoopClient::Scope scope(client_);
    DrainWrites();
  }
  if (closing_) return;
  turn_requested_ = !writers_.empty();
  int wait;
  {
    const LoopClient::Scope scope(client_);
    wait = lws_service_adjust_timeout(context_, kLongestWaitMs, 0);
    if (wait == 0) {
      ssi_service_forced(context_);
      wait = lws_service_adjust_timeout(context_, kLongestWaitMs, 0);
    }
  }

  more_due_ = wait == 0;
  if (more_due_ || wait >= kLongestWaitMs)
    uv_timer_stop(&timer_);
  else
    // lws rounds down, and a timer that is early would only be set again.
    SetTimer(static_cast<uint64_t>(wait) + 1);
}

// Leaves a timer alone that is right already, or early by the millisecond that rounding makes.
void EventLoop::SetTimer(uint64_t in_ms) {
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(&timer_))) {
    const uint64_t left = uv_timer_get_due_in(&timer_);
    if (left == in_ms || left + 1 == in_ms) return;
  }
  uv_timer_start(&timer_, OnTimer, in_ms, 0);
}

void EventLoop::KeepAlive(bool on) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&alive_);
  if (closing_) return;
  if (on)
    uv_ref(handle);
  else
    uv_unref(handle);
}

void EventLoop::CloseHandle(uv_handle_t* handle) { uv_close(handle, OnHandleClosed); }

void EventLoop::Close(std::function<void()> closed) {
  closing_ = true;
  context_ = nullptr;
  closed_ = std::move(closed);
  for (Watcher* watcher : watchers_.All()) Remove(watcher);
  CloseHandle(reinterpret_cast<uv_handle_t*>(&prepare_));
  CloseHandle(reinterpret_cast<uv_handle_t*>(&timer_));
  CloseHandle(reinterpret_cast<uv_handle_t*>(&idle_));
  CloseHandle(reinterpret_cast<uv_handle_t*>(&alive_));
}

void EventLoop::OnHandleClosed(uv_handle_t* handle) {
  static_cast<EventLoop*>(handle->data)->HandleClosed();
}

void EventLoop::HandleClosed() {
  if (--open_handles_ > 0) return;
  const std::function<void()> closed = std::move(closed_);
  delete this;
  closed();
}
