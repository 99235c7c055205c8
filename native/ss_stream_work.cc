// What a stream does from a clean stack: what JavaScript has asked for since, and what follows from
// what lws has said.
#include "event_loop.h"
#include "lws_internals.h"
#include "ss_context.h"
#include "ss_stream.h"

// From a clean stack, a stream without a connection waits for its next attempt, or it is idle, and
// then what it had begun to send goes nowhere.
void SsStream::Rest() {
  if (ssi_wsi(handle_)) return;
  if (unreachable_ && !gave_up_ && !ssi_will_retry(handle_)) Heed(ssi_backoff(handle_));
  unreachable_ = false;
  if (ssi_will_retry(handle_)) {
    // Not with a transaction whose message is gone.
    if (!transactional_ || !answered_ || handlers_ || !can_send_ || !outgoing_.empty()) return;
    ssi_disconnect(handle_);
  }
  ssi_become_idle(handle_);
  if (!handlers_) DropStarted();
}

void SsStream::PrefetchConnection() const {
  if (handle_) ssi_prefetch_connection(handle_);
}

void SsStream::PrefetchSocket(const EventLoop& loop) const {
  lws* wsi = handle_ ? ssi_wsi(handle_) : nullptr;
  if (!wsi) return;
  loop.PrefetchWatcher(lws_get_socket_fd(wsi));
  ssi_prefetch_framing(handle_);
}

void SsStream::Work() {
  scheduled_ = false;
  if (!handle_) return;
  Wanted wanted = wanted_;
  wanted_ = {};
  if (wanted.destroy) {
    DestroyNow();
    return;
  }
  SsContext::ServiceScope scope(context_);
  SettleLeaving();
  if (disconnecting_ && !CloseConnection(wanted)) return;
  if (handle_ && follow_ && !ssi_wsi(handle_)) {
    ChangePolicy();
    if (doomed_) return;
  }
  if (handle_) Rest();
  if (handle_ && transactional_ && !handlers_ && !outgoing_.empty()) {
    // The first message has a transaction of its own, which does for both.
    if (wanted.connect || wanted.request_tx) Pump();
    wanted.request_tx = has_tx_length_ = false;
  }
  const bool is_nothing_else = !wanted.request_tx && outgoing_.empty();
  const bool waits = handle_ && (ssi_wsi(handle_) || ssi_will_retry(handle_));
  const bool is_for_itself = wanted.transaction || (wanted.listen && !waits);
  if (handle_ && (wanted.connect || (is_for_itself && is_nothing_else))) {
    PrepareConnection();
    Heed(ssi_connect(handle_));
  }
  if (handle_ && wanted.request_tx) {
    PrepareConnection();
    asked_for_tx_ = true;
    if (gave_up_) ssi_set_failures(handle_, 0);
    gave_up_ = false;
    if (has_tx_length_)
      Heed(lws_ss_request_tx_len(handle_, tx_length_));
    else
      Heed(lws_ss_request_tx(handle_));
    has_tx_length_ = false;
  }
  // Before lws asks for more, it gives the socket what waits for it.
  const bool wants_more = wanted.more || leaving_.count;
  if (handle_ && wants_more && ssi_wsi(handle_)) Heed(lws_ss_request_tx(handle_));
  if (handle_ && wanted.flow)
    if (lws* wsi = ssi_wsi(handle_)) lws_rx_flow_control(wsi, reading_ ? 1 : 0);
  if (handle_) Pump();
}

// Whether the connection is over. What its socket has not taken yet may keep it for a while, and
// what is wanted of the next one waits.
bool SsStream::CloseConnection(Wanted& wanted) {
  const uint16_t failures = ssi_failures(handle_);
  if (wanted.disconnect) ssi_disconnect(handle_);
  if (handle_ && ssi_wsi(handle_)) {
    wanted_.connect |= wanted.connect;
    wanted_.listen |= wanted.listen;
    wanted_.transaction |= wanted.transaction;
    wanted_.request_tx |= wanted.request_tx;
    return false;
  }
  disconnecting_ = unreachable_ = false;
  if (!handle_) return true;
  // It is no failure, and lws has it wait as after one.
  ssi_disconnect(handle_);
  ssi_set_failures(handle_, wanted.disconnect ? failures : 0);
  wanted.connect |= ssi_is_nailed_up(handle_);
  return true;
}

void SsStream::DestroyNow() {
  if (!handle_) return;
  doomed_ = true;
  SsContext::ServiceScope scope(context_);
  SettleLeaving();
  ssi_say_goodbye(handle_);
  lws_ss_handle* going = handle_;
  lws_ss_destroy(&going);
  handle_ = nullptr;
}
