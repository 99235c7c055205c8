#include "event_loop.h"

#include <algorithm>
#include <climits>
#include <utility>

#include "lws_internals.h"
#include "ss_context.h"
#include "util/prefetch.h"

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

EventLoop::EventLoop(uv_loop_t* loop, SsContext* context) : loop_(loop), owner_(context) {
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

EventLoop* EventLoop::Of(lws* wsi) {
  return static_cast<PerThread*>(lws_evlib_wsi_to_evlib_pt(wsi))->loop;
}

int EventLoop::OnInitPt(lws_context* context, void* loop, int tsi) {
  static_cast<PerThread*>(lws_evlib_tsi_to_evlib_pt(context, tsi))->loop =
      static_cast<EventLoop*>(loop);
  return 0;
}

int EventLoop::OnSocket(lws* wsi) { return Of(wsi)->Add(wsi) ? 0 : 1; }

// Whose the socket is makes no difference to who watches it.
void EventLoop::OnHandOver(lws* wsi, int done) {
  Of(wsi)->handing_over_ = done ? LWS_SOCK_INVALID : lws_get_socket_fd(wsi);
}

EventLoop::Watcher* EventLoop::Find(lws_sockfd_type fd) const {
  const auto place = static_cast<size_t>(fd);
  return place < watchers_.size() ? watchers_[place] : nullptr;
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
  const auto place = static_cast<size_t>(fd);
  if (place >= watchers_.size()) watchers_.resize(place + 1);
  watchers_[place] = watcher;
  return true;
}

void EventLoop::Remove(Watcher* watcher) {
  watchers_[static_cast<size_t>(watcher->fd)] = nullptr;
  watcher->closing = true;
  open_handles_++;
  uv_close(reinterpret_cast<uv_handle_t*>(&watcher->poll), [](uv_handle_t* handle) {
    auto* closed = static_cast<Watcher*>(handle->data);
    handle->data = closed->owner;
    OnHandleClosed(handle);
    delete closed;
  });
}

// lws changes its mind several times while it works on one event.
void EventLoop::Rearm(Watcher* watcher) {
  if (watcher->rearming || watcher->armed == watcher->wanted) return;
  watcher->rearming = true;
  rearming_.push_back(watcher->fd);
  Touch();
}

void EventLoop::ArmAll() {
  for (const lws_sockfd_type fd : rearming_) {
    Watcher* watcher = Find(fd);
    if (!watcher || !watcher->rearming) continue;
    watcher->rearming = false;
    if (watcher->armed == watcher->wanted) continue;
    watcher->armed = watcher->wanted;
    if (watcher->wanted)
      uv_poll_start(&watcher->poll, watcher->wanted, OnPoll);
    else
      uv_poll_stop(&watcher->poll);
  }
  rearming_.clear();
}

void EventLoop::NoteRead(Watcher* watcher) {
  if (watcher->unanswered) return;
  watcher->unanswered = true;
  unanswered_.push_back(watcher->fd);
}

// A peer may keep the rest of what it says until it knows that the first part has arrived, which
// the system tells it with the next bytes of ours, or some time later.
void EventLoop::AcknowledgeAll() {
  for (const lws_sockfd_type fd : unanswered_) {
    Watcher* watcher = Find(fd);
    if (!watcher || !watcher->unanswered) continue;
    watcher->unanswered = false;
    ssi_acknowledge_now(context_, fd);
  }
  unanswered_.clear();
}

void EventLoop::OnIo(lws* wsi, unsigned int flags) {
  EventLoop* self = Of(wsi);
  Watcher* watcher = self->Find(lws_get_socket_fd(wsi));
  if (!watcher || watcher->fd == self->handing_over_) return;
  const bool start = flags & LWS_EV_START;
  if (!start && (flags & LWS_EV_READ) && (flags & LWS_EV_WRITE)) {
    // lws is done with the socket, and closes that of a failed attempt without saying more.
    self->Remove(watcher);
    return;
  }

  if (flags & LWS_EV_READ) {
    watcher->wanted = start ? watcher->wanted | UV_READABLE : watcher->wanted & ~UV_READABLE;
    self->Rearm(watcher);
  }
  if (!(flags & LWS_EV_WRITE)) return;

  watcher->wants_write = start;
  // What is polled for stays: lws mostly asks again at once, and OnPoll() sees to it when not.
  if (!start) return;
  if (!watcher->connected) {
    watcher->wanted |= UV_WRITABLE;
    self->Rearm(watcher);
  } else if (!(watcher->wanted & UV_WRITABLE)) {
    self->QueueWrites(watcher);
  }
}

void EventLoop::QueueWrites(Watcher* watcher) {
  if (watcher->queued) return;
  watcher->queued = true;
  writers_.push_back(watcher->fd);
  Touch();
}

int EventLoop::OnLogicalClose(lws* wsi) {
  EventLoop* self = Of(wsi);
  const lws_sockfd_type fd = lws_get_socket_fd(wsi);
  if (Watcher* watcher = fd == LWS_SOCK_INVALID ? nullptr : self->Find(fd)) self->Remove(watcher);
  return 0;
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
  if (watcher && lws_corked(context_, 0) > 0) watcher->unanswered = false;
  lws_uncork(context_, 0);
  watcher = Find(fd);
  if (!watcher) return;
  // Until here, what it asks for is what it is being given.
  watcher->queued = false;
  if (!watcher->wants_write) return;
  watcher->wanted |= UV_WRITABLE;
  Rearm(watcher);
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
    const bool reads = watcher->wanted & UV_READABLE;
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

  self->Touch();
  const SsContext::LoopScope scope(self->owner_);
  if (revents) self->Serve(watcher, revents);
  watcher = self->Find(fd);
  for (int n = 1; watcher && n < kReadsPerTurn && ssi_has_read_ahead(self->context_, fd); n++) {
    self->Serve(watcher, LWS_POLLIN);
    watcher = self->Find(fd);
  }
  if (!watcher) return;
  if (revents & LWS_POLLIN) self->NoteRead(watcher);
  const bool failed = status < 0 && !was_connecting;
  // Another connection may have its number by now.
  if (failed && watcher == handle->data && !(watcher->wanted & UV_READABLE)) {
    // Polling would tell this again at once, and again. What nobody reads can wait; what was to be
    // written is lost, which is to be known.
    watcher->wanted = 0;
    if (watcher->wants_write) ssi_lose_connection(self->context_, fd);
  }
  if ((watcher->armed & UV_WRITABLE) && watcher->connected) {
    watcher->wanted &= ~UV_WRITABLE;
    if (watcher->wants_write) self->QueueWrites(watcher);
  }
  self->Rearm(watcher);
}

void EventLoop::Touch() {
  touched_ = true;
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
  for (int n = 0; self->touched_ && !self->closing_ && n < kTurnsInARow; n++) {
    self->touched_ = false;
    self->owner_->Turn();
  }
  self->in_turn_ = false;
  self->ArmAll();
  if (!self->closing_) self->AcknowledgeAll();
  if (self->touched_ || self->more_due_) self->Touch();
}

void EventLoop::OnTimer(uv_timer_t* handle) { static_cast<EventLoop*>(handle->data)->Touch(); }

void EventLoop::ServicePending() {
  {
    const SsContext::LoopScope scope(owner_);
    DrainWrites();
  }
  if (closing_) return;
  // What is left of what this turn was for.
  touched_ = !writers_.empty() || owner_->wants_turn();
  int wait;
  {
    const SsContext::LoopScope scope(owner_);
    wait = lws_service_adjust_timeout(context_, kLongestWaitMs, 0);
    if (wait == 0) {
      ssi_service_forced(context_);
      wait = lws_service_adjust_timeout(context_, kLongestWaitMs, 0);
    }
  }

  more_due_ = wait == 0;
  if (more_due_)
    uv_timer_stop(&timer_);
  else if (wait >= kLongestWaitMs)
    uv_timer_stop(&timer_);
  else
    // lws rounds down; a timer that fires early would only be set again.
    uv_timer_start(&timer_, OnTimer, static_cast<uint64_t>(wait) + 1, 0);
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
  for (Watcher* watcher : watchers_)
    if (watcher) Remove(watcher);
  CloseHandle(reinterpret_cast<uv_handle_t*>(&prepare_));
  CloseHandle(reinterpret_cast<uv_handle_t*>(&timer_));
  CloseHandle(reinterpret_cast<uv_handle_t*>(&idle_));
  CloseHandle(reinterpret_cast<uv_handle_t*>(&alive_));
}

void EventLoop::OnHandleClosed(uv_handle_t* handle) {
  auto* self = static_cast<EventLoop*>(handle->data);
  if (--self->open_handles_ > 0) return;
  const std::function<void()> closed = std::move(self->closed_);
  delete self;
  closed();
}
