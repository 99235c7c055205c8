// How messages leave, and what becomes of them.
#include <algorithm>
#include <iterator>

#include "lws_internals.h"
#include "ss_stream.h"

void SsStream::Pump() {
  if (outgoing_.empty() || handlers_) return;
  OutgoingMessage& message = outgoing_.front();
  const bool connected = ssi_wsi(handle_) != nullptr;
  if (connected && parts_ > 0) {
    const OutgoingMessage* next = NextPart();
    if (next && !next->started()) Heed(lws_ss_request_tx(handle_));
    return;
  }
  // What has begun goes on by itself, over a retry too.
  if (message.started() || (transactional_ && connected)) return;
  // Its answer would have to wait in memory.
  if (transactional_ && !reading_) return;

  if (gave_up_) {
    gave_up_ = false;
    ssi_set_failures(handle_, 0);
  }
  if (transactional_ && message.length() == 0) {
    // The request's headers are all there is to send; lws must not be given an empty body.
    uint8_t nothing;
    message.Take(&nothing, 0);
    AddEvent(StreamEvent::kSent, message.id(), 0);
  }
  if (connected && told_connected_) PrepareMessage(message);
  RequestFront();
}

void SsStream::RequestFront() {
  OutgoingMessage& message = outgoing_.front();
  message.SetRequested();
  PrepareConnection();
  if (acknowledged_)
    Heed(lws_ss_request_tx_len(handle_, static_cast<unsigned long>(message.length())));
  else
    Heed(lws_ss_request_tx(handle_));
}

lws_ss_state_return_t SsStream::TxMessage(lws_ss_tx_ordinal_t ordinal, uint8_t* into,
                                          size_t* length, int* flags) {
  OutgoingMessage* next = NextPart();
  if (!next || next->finished()) return TxNothing(next, length, flags);
  if (acknowledged_ && !transactional_ && !outgoing_.front().requested()) {
    // lws has the length of one that was given up.
    RequestFront();
    return LWSSSSRET_TX_DONT_SEND;
  }
  if (!resend_) EndFruitless();
  OutgoingMessage& message = *next;
  if (transactional_) message.SetRequested();
  if (message.starved()) {
    AddEvent(StreamEvent::kWanted, message.id(), message.next_piece());
    return LWSSSSRET_TX_DONT_SEND;
  }
  if (!message.started() && message.packet_id()) ssi_send_again(handle_, message.packet_id());
  if (!message.started()) PrepareMessage(message);
  *flags = message.started() ? 0 : LWSSS_FLAG_SOM;
  if (message.frame_kind() != FrameKind::kAsPolicy)
    *flags |= message.frame_kind() == FrameKind::kText ? LWSSS_FLAG_WS_TEXT : LWSSS_FLAG_WS_BINARY;
  *length = message.Take(into, *length);
  if (!message.finished()) {
    Heed(lws_ss_request_tx(handle_));
    return LWSSSSRET_OK;
  }
  *flags |= LWSSS_FLAG_EOM;
  if (acknowledged_) {
    AddEvent(StreamEvent::kSent, message.id(), 0);
  } else {
    leaving_.Add(message.id());
    Schedule();
  }
  // Until the peer has answered, it may have to be sent again.
  if (transactional_) {
    if (ssi_shares_ride(handle_)) parts_++;
    return LWSSSSRET_OK;
  }
  if (acknowledged_) {
    unanswered_.push_back({ordinal, message.id(), std::nullopt});
    if (resend_ && !ssi_acknowledges_itself(handle_)) unanswered_.back().again = std::move(message);
  }
  outgoing_.pop_front();
  if (!outgoing_.empty()) RequestFront();
  return LWSSSSRET_OK;
}

// A body without bytes has an end, too.
lws_ss_state_return_t SsStream::TxNothing(const OutgoingMessage* message, size_t* length,
                                          int* flags) {
  if (!transactional_ || (message ? message->length() : parts_) || !ssi_body_pending(handle_))
    return LWSSSSRET_TX_DONT_SEND;
  if (message && ssi_shares_ride(handle_)) parts_++;
  *length = 0;
  *flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
  return LWSSSSRET_OK;
}

// The message that goes on with the transaction, or begins the next one.
OutgoingMessage* SsStream::NextPart() {
  return parts_ < outgoing_.size() ? &*std::next(outgoing_.begin(), parts_) : nullptr;
}

void SsStream::Settle(lws_ss_constate_t verdict, lws_ss_tx_ordinal_t ordinal) {
  if (!acknowledged_) return;
  const auto kind =
      verdict == LWSSSCS_QOS_ACK_REMOTE ? StreamEvent::kAcknowledged : StreamEvent::kRefused;
  if (transactional_)
    SettleTransaction(kind);
  else
    SettlePublish(kind, ordinal);
}

// A server may answer a transaction of which it has seen only the beginning.
void SsStream::SettleTransaction(StreamEvent::Kind verdict) {
  if (outgoing_.empty() || !outgoing_.front().started()) return;
  do {
    AddEvent(verdict, outgoing_.front().id(), 0);
    outgoing_.pop_front();
  } while (HasPart());
}

// Whether the first message is part of the transaction of the one that was there before it.
bool SsStream::HasPart() {
  if (parts_ == 0) return false;
  parts_--;
  return !outgoing_.empty() && outgoing_.front().started();
}

void SsStream::RewindTransaction() {
  auto message = outgoing_.begin();
  for (size_t n = 0; n <= parts_ && message != outgoing_.end(); n++) (message++)->Rewind();
  parts_ = 0;
}

// The connection has carried something: failures count from here on.
void SsStream::EndFruitless() {
  if (fruitless_ && !refused_) ssi_set_failures(handle_, 0);
  fruitless_ = false;
}

void SsStream::SettlePublish(StreamEvent::Kind verdict, lws_ss_tx_ordinal_t ordinal) {
  EndFruitless();
  auto meant =
      std::find_if(unanswered_.begin(), unanswered_.end(),
                   [ordinal](const Unanswered& message) { return message.ordinal == ordinal; });
  if (meant == unanswered_.end() && verdict == StreamEvent::kRefused && !outgoing_.empty() &&
      outgoing_.front().started()) {
    // lws could not publish it, and does not want the rest of it.
    AddEvent(verdict, outgoing_.front().id(), 0);
    outgoing_.pop_front();
    if (!outgoing_.empty() && !disconnecting_) RequestFront();
    return;
  }
  if (unanswered_.empty()) return;
  // Ordinals of a proxy are not ours.
  if (meant == unanswered_.end()) meant = unanswered_.begin();
  if (verdict == StreamEvent::kAcknowledged && ssi_acknowledges_itself(handle_))
    leaving_.Add(meant->id);
  else
    AddEvent(verdict, meant->id, 0);
  unanswered_.erase(meant);
}

// They have left when the socket has them; those that a connection takes with it, nobody has.
void SsStream::SettleLeaving() {
  if (!leaving_.count || ssi_has_unsent(handle_)) return;
  const auto verdict = acknowledged_ ? StreamEvent::kAcknowledged : StreamEvent::kSent;
  for (uint32_t n = 0; n < leaving_.count; n++) events_.push_back({verdict, leaving_.first + n, 0});
  leaving_ = {};
}

// What a lost connection may have carried goes out again on the next, before what has not left yet.
void SsStream::TakeBackPublishes() {
  if (!resend_ || doomed_ || ssi_acknowledges_itself(handle_)) return;
  if (!outgoing_.empty() && outgoing_.front().started())
    outgoing_.front().SendAgain(ssi_packet_id(handle_, nullptr));
  for (auto lost = unanswered_.rbegin(); lost != unanswered_.rend(); ++lost) {
    if (!lost->again) continue;
    lost->again->SendAgain(ssi_packet_id(handle_, &lost->ordinal));
    outgoing_.push_front(std::move(*lost->again));
  }
  unanswered_.remove_if([](const Unanswered& message) { return message.again.has_value(); });
}

void SsStream::DropStarted() {
  // What a stream takes with it, its end tells.
  if (doomed_) return;
  for (uint32_t n = 0; n < leaving_.count; n++)
    AddEvent(StreamEvent::kDropped, leaving_.first + n, 0);
  leaving_ = {};
  for (const Unanswered& message : unanswered_) AddEvent(StreamEvent::kDropped, message.id, 0);
  unanswered_.clear();
  if (outgoing_.empty() || !outgoing_.front().started()) return;
  do {
    AddEvent(StreamEvent::kDropped, outgoing_.front().id(), 0);
    outgoing_.pop_front();
  } while (HasPart());
}

void SsStream::ForgetMessages() {
  outgoing_.clear();
  leaving_ = {};
  parts_ = 0;
  unanswered_.clear();
}
