// Queues messages, and takes out those that are given up.
#include "stream/queued_exchange.h"

#include <utility>

QueuedExchange::QueuedExchange(Host* host, ss_link* link, const Kind& kind)
    : host_(host), link_(link), kind_(kind) {}

void QueuedExchange::Send(OutgoingMessage message) { outgoing_.push_back(std::move(message)); }

void QueuedExchange::Provide(uint32_t id, uint32_t piece, const Napi::Value& bytes) {
  for (OutgoingMessage& message : outgoing_) {
    if (message.id() != id) continue;
    const bool is_taken = bytes.IsTypedArray()
                              ? message.Provide(piece, bytes.As<Napi::Uint8Array>())
                              : message.End(piece);
    if (!is_taken) return;
    was_provided_ = true;
    host_->Schedule();
    return;
  }
}

// A message that has begun to leave stays: its bytes have to be whole.
void QueuedExchange::Cancel(uint32_t id) {
  for (auto message = outgoing_.begin(); message != outgoing_.end(); ++message) {
    if (message->id() != id) continue;
    if (!message->started()) outgoing_.erase(message);
    return;
  }
}

void QueuedExchange::SetKind(const Kind& kind) {
  kind_ = kind;
  if (kind_.can_send) return;
  for (const OutgoingMessage& message : outgoing_) Tell(StreamEvent::kDropped, message.id());
  outgoing_.clear();
}

const Metadata& QueuedExchange::MetadataToConnect(const Metadata& now,
                                                  const Metadata& asked) const {
  if (asked) return asked;
  return outgoing_.empty() ? now : outgoing_.front().metadata();
}

void QueuedExchange::Tell(StreamEvent::Kind kind, uint32_t id, uint32_t piece) {
  host_->AddEvent(kind, id, piece);
  host_->Schedule();
}

void QueuedExchange::Request(uint64_t length) { host_->Heed(link_->ops->request(link_, length)); }

void QueuedExchange::RequestProvided() {
  if (was_provided_ && is_busy()) Request();
  was_provided_ = false;
}

bool QueuedExchange::CanBegin() {
  RequestProvided();
  // Before lws asks for more, it gives the socket what waits for it.
  if (!written_.is_empty() && is_busy()) Request();
  return !outgoing_.empty() && !outgoing_.front().started();
}

bool QueuedExchange::SettleAs(StreamEvent::Kind verdict) {
  if (written_.is_empty() || link_->ops->has_unsent(link_)) return false;
  written_.Take([&](uint32_t id) { host_->AddEvent(verdict, id, 0); });
  return true;
}

void QueuedExchange::DropWritten() {
  written_.Take([this](uint32_t id) { Tell(StreamEvent::kDropped, id); });
}

void QueuedExchange::DropBegun() {
  if (outgoing_.empty() || !outgoing_.front().started()) return;
  Tell(StreamEvent::kDropped, outgoing_.front().id());
  outgoing_.pop_front();
}

void QueuedExchange::Clear() {
  outgoing_.clear();
  written_.Clear();
}

bool QueuedExchange::Starves(const OutgoingMessage& message) {
  if (!message.starved()) return false;
  Tell(StreamEvent::kWanted, message.id(), message.next_piece());
  return true;
}

void QueuedExchange::Take(OutgoingMessage& message, uint8_t* into, size_t* length, int* flags) {
  *flags = message.started() ? 0 : LWSSS_FLAG_SOM;
  if (message.frame_kind() != FrameKind::kAsPolicy)
    *flags |= message.frame_kind() == FrameKind::kText ? LWSSS_FLAG_WS_TEXT : LWSSS_FLAG_WS_BINARY;
  *length = message.Take(into, *length);
  if (message.finished()) *flags |= LWSSS_FLAG_EOM;
}
