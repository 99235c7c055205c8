// Gives lws the bodies of requests, and settles them with the answer.
#include "stream/request_exchange.h"

#include <algorithm>
#include <iterator>

void RequestExchange::Cancel(uint32_t id) {
  const auto message =
      std::find_if(outgoing_.begin(), outgoing_.end(),
                   [id](const OutgoingMessage& waiting) { return waiting.id() == id; });
  // The request promises the server a body of this length, so the transaction ends with the
  // message.
  if (message != outgoing_.end() && message->requested()) host_->Disconnect();
  QueuedExchange::Cancel(id);
}

void RequestExchange::SetKind(const Kind& kind) {
  const bool had_message = !outgoing_.empty();
  QueuedExchange::SetKind(kind);
  if (had_message && outgoing_.empty()) was_dropped_ = true;
}

void RequestExchange::Pump() {
  RequestProvided();
  if (outgoing_.empty()) return;
  if (is_busy()) {
    RequestNextPart();
    return;
  }
  OutgoingMessage& message = outgoing_.front();
  // While the program does not read, the answer would have to wait in memory.
  if (message.started() || !host_->is_reading()) return;
  host_->BeginAnew();
  if (message.length() == 0) {
    // The request's headers are all there is to send; lws must not be given an empty body.
    uint8_t nothing;
    message.Take(&nothing, 0);
    Tell(StreamEvent::kSent, message.id());
  }
  RequestFront();
}

void RequestExchange::RequestNextPart() {
  const OutgoingMessage* next = parts_ > 0 ? NextPart() : nullptr;
  if (next && !next->started()) Request();
}

void RequestExchange::RequestFront() {
  OutgoingMessage& message = outgoing_.front();
  message.SetRequested();
  link_->ops->set_body_once(link_, 0);
  host_->PrepareConnection();
  Request(message.length());
}

lws_ss_state_return_t RequestExchange::Tx(lws_ss_tx_ordinal_t, uint8_t* into, size_t* length,
                                          int* flags) {
  OutgoingMessage* next = NextPart();
  if (!next || next->finished()) return TxEnd(next, length, flags);
  OutgoingMessage& message = *next;
  message.SetRequested();
  if (Starves(message)) return LWSSSSRET_TX_DONT_SEND;
  Take(message, into, length, flags);
  if (message.is_partly_gone()) link_->ops->set_body_once(link_, 1);
  if (!message.finished()) {
    Request();
    return LWSSSSRET_OK;
  }
  // Until the server has answered, it may have to be sent again.
  Tell(StreamEvent::kSent, message.id());
  if (link_->ops->has_next_ride(link_)) parts_++;
  return LWSSSSRET_OK;
}

// A body without bytes has an end, too.
lws_ss_state_return_t RequestExchange::TxEnd(const OutgoingMessage* message, size_t* length,
                                             int* flags) {
  if ((message ? message->length() : parts_) || !link_->ops->has_body_pending(link_))
    return LWSSSSRET_TX_DONT_SEND;
  if (message && link_->ops->has_next_ride(link_)) parts_++;
  *length = 0;
  *flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
  return LWSSSSRET_OK;
}

// The message that goes on with the transaction, or begins the next one.
OutgoingMessage* RequestExchange::NextPart() {
  return parts_ < outgoing_.size() ? &*std::next(outgoing_.begin(), parts_) : nullptr;
}

// Messages of an attempt that failed before its answer are sent from their beginnings.
void RequestExchange::Connecting() {
  auto message = outgoing_.begin();
  for (size_t n = 0; n <= parts_ && message != outgoing_.end(); n++) (message++)->Rewind();
  parts_ = 0;
  was_dropped_ = false;
}

void RequestExchange::Acknowledged(lws_ss_tx_ordinal_t) { Settle(StreamEvent::kAcknowledged); }

void RequestExchange::Refused(lws_ss_tx_ordinal_t) { Settle(StreamEvent::kRefused); }

// Settles the messages of the transaction, also of one whose body has not been sent whole. False
// when there are none.
bool RequestExchange::Settle(StreamEvent::Kind verdict) {
  if (outgoing_.empty() || !outgoing_.front().started()) return false;
  do {
    Tell(verdict, outgoing_.front().id());
    outgoing_.pop_front();
  } while (HasPart());
  return true;
}

// Whether the first message is part of the transaction of the one that was there before it.
bool RequestExchange::HasPart() {
  if (parts_ == 0) return false;
  parts_--;
  return !outgoing_.empty() && outgoing_.front().started();
}

// What waits is sent on the next connection.
void RequestExchange::DropStarted() {
  if (!Settle(StreamEvent::kDropped)) return;
  link_->ops->allow_retries(link_);
  was_dropped_ = true;
}

void RequestExchange::Clear() {
  QueuedExchange::Clear();
  parts_ = 0;
}

// A transaction whose message has settled or was dropped is not tried again.
bool RequestExchange::wants_retry(bool answered) const {
  return !(answered || was_dropped_) || !kind_.can_send || !outgoing_.empty();
}

// A request is made with the metadata of what it is made for.
const Metadata& RequestExchange::MetadataToConnect(const Metadata& now,
                                                   const Metadata& asked) const {
  if (!outgoing_.empty()) return outgoing_.front().metadata();
  return asked ? asked : now;
}
