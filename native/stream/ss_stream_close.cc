// How the connection of a stream ends.
#include <utility>

#include "stream/ss_stream.h"

// (code, reason): on ws, what the peer is told.
Napi::Value SsStream::Close(const Napi::CallbackInfo& info) {
  const auto reason = info[1].As<Napi::Uint8Array>();
  ending_ = std::make_unique<Ending>(
      Ending{false, static_cast<uint16_t>(info[0].As<Napi::Number>().Uint32Value()),
             std::string(reason.Data(), reason.Data() + reason.ByteLength()), false});
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::EndSending(const Napi::CallbackInfo& info) {
  if (!ending_) ending_ = std::make_unique<Ending>(Ending{true, 0, {}, false});
  Schedule();
  return info.Env().Undefined();
}

// Ends it as soon as there is one, and all has left that was written.
void SsStream::End() {
  if (ending_->begun || !is_connected() || life_ != Life::kOpen) return;
  if (link_.ops->has_unsent(&link_)) {
    Heed(link_.ops->request(&link_, SS_LINK_NO_LENGTH));
    return;
  }
  ending_->begun = true;
  const ss_link_bytes reason = {reinterpret_cast<const unsigned char*>(ending_->reason.data()),
                                ending_->reason.size()};
  const bool goes_on =
      !is_peer_done_ && (ending_->is_half ? link_.ops->end_sending(&link_)
                                          : link_.ops->close(&link_, ending_->code, reason));
  if (!goes_on) Disconnect();
}

// Handlers that ask for no tx have said all. Without them, JavaScript knows when that is.
void SsStream::EndWhenAnswered() {
  if (awaits_tx_ || wishes_.request_tx || life_ != Life::kOpen) return;
  if (link_.ops->has_unsent(&link_))
    Heed(link_.ops->request(&link_, SS_LINK_NO_LENGTH));
  else
    Disconnect();
}

// Whether the connection is over. What its socket has not taken yet may keep it for a while, and
// what is wanted of the next one waits.
bool SsStream::CloseConnection(Wishes& now) {
  const uint16_t failures = link_.ops->failures(&link_);
  if (now.disconnect) link_.ops->disconnect(&link_);
  if (is_there() && phase() == SS_LINK_BUSY) {
    wishes_.connect |= now.connect;
    wishes_.connect_if_idle |= now.connect_if_idle;
    wishes_.request_tx |= now.request_tx;
    if (wishes_.tx_length == SS_LINK_NO_LENGTH) wishes_.tx_length = now.tx_length;
    return false;
  }
  if (life_ == Life::kClosing) life_ = Life::kOpen;
  if (attempt_ == Attempt::kUnreachable) attempt_ = Attempt::kNone;
  owes_retry_ = false;
  if (!is_there()) return true;
  // lws has the stream wait as after a failure, which this is not.
  link_.ops->disconnect(&link_);
  link_.ops->set_failures(&link_, now.disconnect ? failures : 0);
  // The attempt for connect() may have been that of a message which was given up.
  now.connect |= kind_.nailed_up || awaits_connection_;
  return true;
}

void SsStream::OnDisconnected() {
  if (life_ != Life::kDoomed) exchange_->Lost();
  use_.Over(&link_, !exchange_->is_empty(), kind_.exchange == Kind::Exchange::kBytes);
  attempt_ = use_.is_useless() ? Attempt::kUnreachable : Attempt::kOver;
  owes_retry_ = true;
  const char* why_useless = exchange_->is_sent_again() ? "closed before anything was acknowledged"
                                                       : "closed before anything could be sent";
  // DestroyNow() has done so already.
  if (life_ != Life::kDoomed) exchange_->SettleWritten();
  TellFailure(use_.is_useless() ? why_useless : "");
  // The peer may have seen part of it, or all: whether to send it again is for the program to say.
  DropStarted();
  // It is over as the program wanted, and not made again.
  if (ending_) Disconnect();
  ending_.reset();
}
