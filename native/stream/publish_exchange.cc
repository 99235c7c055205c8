// Gives lws publishes, and settles those that the broker has acknowledged.
#include "stream/publish_exchange.h"

#include <algorithm>
#include <utility>

PublishExchange::PublishExchange(Host* host, ss_link* link, const Kind& kind, bool resend)
    : QueuedExchange(host, link, kind), resend_(resend) {}

void PublishExchange::Provide(uint32_t id, uint32_t piece, const Napi::Value& bytes) {
  if (outgoing_.empty() || outgoing_.front().id() != id || outgoing_.front().has_length())
    return QueuedExchange::Provide(id, piece, bytes);
  if (outgoing_.front().Gather(piece, bytes)) host_->Schedule();
}

bool PublishExchange::Gathers() {
  const OutgoingMessage& message = outgoing_.front();
  if (message.has_length()) return false;
  const std::pair<uint32_t, uint32_t> next{message.id(), message.next_piece()};
  if (asked_ == next) return true;
  asked_ = next;
  Tell(StreamEvent::kWanted, next.first, next.second);
  return true;
}

void PublishExchange::Cancel(uint32_t id) {
  QueuedExchange::Cancel(id);
  if (!outgoing_.empty() && outgoing_.front().id() == id) outgoing_.front().GiveUp();
  for (Unanswered& message : unanswered_)
    if (message.id == id) message.again.reset();
}

void PublishExchange::Pump() {
  if (!CanBegin() || Gathers()) return;
  host_->BeginAnew();
  if (host_->is_connected()) host_->PrepareMessage(outgoing_.front().metadata());
  RequestFront();
}

void PublishExchange::RequestFront() {
  if (Gathers()) return;
  OutgoingMessage& message = outgoing_.front();
  message.SetRequested();
  host_->PrepareConnection();
  Request(message.length());
}

lws_ss_state_return_t PublishExchange::Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into,
                                          size_t* length, int* flags) {
  if (outgoing_.empty()) return LWSSSSRET_TX_DONT_SEND;
  OutgoingMessage& message = outgoing_.front();
  if (!message.requested()) {
    // lws has the length of one that was given up.
    RequestFront();
    return LWSSSSRET_TX_DONT_SEND;
  }
  // With resend, only what the peer acknowledges is of use.
  if (!resend_) host_->NoteUse();
  if (message.is_received() && link_->ops->has_session(link_)) {
    Release(ordinal);
    return LWSSSSRET_TX_DONT_SEND;
  }
  if (Starves(message)) return LWSSSSRET_TX_DONT_SEND;
  if (!message.started()) {
    if (message.packet_id()) link_->ops->send_again(link_, message.packet_id());
    host_->PrepareMessage(message.metadata());
  }
  Take(message, into, length, flags);
  if (!message.finished()) {
    Request();
    return LWSSSSRET_OK;
  }
  Tell(StreamEvent::kSent, message.id());
  unanswered_.push_back({ordinal, message.id(), std::nullopt});
  if (resend_ && !kind_.at_most_once && !message.given_up())
    unanswered_.back().again = std::move(message);
  outgoing_.pop_front();
  if (!outgoing_.empty()) RequestFront();
  return LWSSSSRET_OK;
}

// Of QoS 2: the broker has the first message, and waits for its release.
void PublishExchange::Release(lws_ss_tx_ordinal_t ordinal) {
  OutgoingMessage& message = outgoing_.front();
  if (link_->ops->release(link_, message.packet_id(), ordinal)) {
    unanswered_.push_back({ordinal, message.id(), std::nullopt});
    if (!message.given_up()) unanswered_.back().again = std::move(message);
  } else {
    Tell(StreamEvent::kRefused, message.id());
  }
  outgoing_.pop_front();
  if (!outgoing_.empty()) RequestFront();
}

void PublishExchange::Connected() {
  if (!outgoing_.empty()) host_->PrepareMessage(outgoing_.front().metadata());
}

// Messages that the connection may have carried go before those that have not left yet.
void PublishExchange::Lost() {
  if (!resend_ || kind_.at_most_once) return;
  if (!outgoing_.empty() && outgoing_.front().given_up()) {
    Tell(StreamEvent::kDropped, outgoing_.front().id());
    outgoing_.pop_front();
  } else if (!outgoing_.empty() && outgoing_.front().started()) {
    SendAgain(outgoing_.front(), link_->ops->packet_id(link_, nullptr));
  }
  for (auto lost = unanswered_.rbegin(); lost != unanswered_.rend(); ++lost) {
    if (!lost->again) continue;
    SendAgain(*lost->again, link_->ops->packet_id(link_, &lost->ordinal));
    outgoing_.push_front(std::move(*lost->again));
  }
  unanswered_.remove_if([](const Unanswered& message) { return message.again.has_value(); });
  for (const OutgoingMessage& message : outgoing_)
    if (message.packet_id()) link_->ops->keep_packet_id(link_, message.packet_id());
}

void PublishExchange::SendAgain(OutgoingMessage& message, uint16_t packet_id) {
  message.SendAgain(packet_id, link_->ops->is_received(link_, packet_id));
}

std::list<PublishExchange::Unanswered>::iterator PublishExchange::Meant(
    lws_ss_tx_ordinal_t ordinal) {
  const auto meant =
      std::find_if(unanswered_.begin(), unanswered_.end(),
                   [ordinal](const Unanswered& message) { return message.ordinal == ordinal; });
  return meant == unanswered_.end() ? unanswered_.begin() : meant;
}

void PublishExchange::Acknowledged(lws_ss_tx_ordinal_t ordinal) {
  host_->NoteUse();
  if (unanswered_.empty()) return;
  const auto meant = Meant(ordinal);
  // lws says so when it has written one of QoS 0.
  if (kind_.at_most_once)
    written_.Add(meant->id);
  else
    Tell(StreamEvent::kAcknowledged, meant->id);
  unanswered_.erase(meant);
}

void PublishExchange::Refused(lws_ss_tx_ordinal_t ordinal) {
  host_->NoteUse();
  const bool is_unanswered =
      std::any_of(unanswered_.begin(), unanswered_.end(),
                  [ordinal](const Unanswered& message) { return message.ordinal == ordinal; });
  if ((!is_unanswered && RefuseBegun()) || unanswered_.empty()) return;
  const auto meant = Meant(ordinal);
  Tell(StreamEvent::kRefused, meant->id);
  unanswered_.erase(meant);
}

// lws could not publish the one that it was given the beginning of, and does not want its rest.
bool PublishExchange::RefuseBegun() {
  if (outgoing_.empty() || !outgoing_.front().started()) return false;
  Tell(StreamEvent::kRefused, outgoing_.front().id());
  outgoing_.pop_front();
  if (!outgoing_.empty() && !host_->is_closing()) RequestFront();
  return true;
}

bool PublishExchange::SettleWritten() { return SettleAs(StreamEvent::kAcknowledged); }

void PublishExchange::DropStarted() {
  DropWritten();
  for (const Unanswered& message : unanswered_) Tell(StreamEvent::kDropped, message.id);
  unanswered_.clear();
  DropBegun();
}

void PublishExchange::Clear() {
  QueuedExchange::Clear();
  unanswered_.clear();
}

bool PublishExchange::is_sent_again() const {
  return !outgoing_.empty() && outgoing_.front().packet_id() != 0;
}

// On MQTT a message is for its topic alone, and what the stream subscribes to is the stream's.
const Metadata& PublishExchange::MetadataToConnect(const Metadata& now,
                                                   const Metadata& asked) const {
  if (asked) return asked;
  return outgoing_.empty() ? now : outgoing_.front().metadata_of_stream();
}
