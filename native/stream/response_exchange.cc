// Gives lws the heads and the bodies of responses.
#include "stream/response_exchange.h"

#include <utility>

void ResponseExchange::Send(OutgoingMessage message) {
  if (stage_ == Stage::kBodiless) {
    Tell(StreamEvent::kSent, message.id());
  } else {
    QueuedExchange::Send(std::move(message));
  }
}

void ResponseExchange::Respond(ResponseHead head) { heads_.push_back(std::move(head)); }

void ResponseExchange::EndResponse() { is_ended_ = true; }

// What was more than the last one said of its length goes nowhere.
void ResponseExchange::TransactionBegins() {
  DropBody(StreamEvent::kDropped);
  heads_.clear();
  stage_ = Stage::kAsked;
  is_ended_ = false;
}

void ResponseExchange::Pump() {
  RequestProvided();
  GiveHeads();
  if (stage_ == Stage::kBegun && (is_ended_ || !outgoing_.empty())) Request();
  // Before lws asks for more, it gives the socket what waits for it.
  if (!written_.is_empty() && is_busy()) Request();
}

void ResponseExchange::GiveHeads() {
  while (stage_ == Stage::kAsked && !heads_.empty()) {
    const ResponseHead head = std::move(heads_.front());
    heads_.pop_front();
    if (head.is_final()) host_->PrepareMessage(head.metadata);
    const ss_link_responded what = link_->ops->respond(link_, head.status, head.fields.data(),
                                                       head.fields.size(), head.length);
    if (what == SS_LINK_NO_TRANSACTION) return;
    if (!head.is_final()) continue;
    stage_ = what == SS_LINK_BODY ? Stage::kBegun : Stage::kBodiless;
    if (stage_ == Stage::kBodiless) DropBody(StreamEvent::kSent);
  }
}

lws_ss_state_return_t ResponseExchange::Tx(lws_ss_tx_ordinal_t, uint8_t* into, size_t* length,
                                           int* flags) {
  if (stage_ != Stage::kBegun || (outgoing_.empty() && !is_ended_)) return LWSSSSRET_TX_DONT_SEND;
  if (outgoing_.empty()) {
    *length = 0;
    *flags = LWSSS_FLAG_EOM;
    stage_ = Stage::kOver;
    return LWSSSSRET_OK;
  }
  OutgoingMessage& part = outgoing_.front();
  if (Starves(part)) return LWSSSSRET_TX_DONT_SEND;
  Take(part, into, length, flags);
  *flags &= ~LWSSS_FLAG_EOM;
  if (!part.finished()) return LWSSSSRET_OK;
  written_.Add(part.id());
  outgoing_.pop_front();
  host_->Schedule();
  if (outgoing_.empty() && is_ended_) {
    *flags |= LWSSS_FLAG_EOM;
    stage_ = Stage::kOver;
  }
  return LWSSSSRET_OK;
}

bool ResponseExchange::SettleWritten() { return SettleAs(StreamEvent::kSent); }

void ResponseExchange::DropStarted() {
  DropWritten();
  DropBody(StreamEvent::kDropped);
}

void ResponseExchange::DropBody(StreamEvent::Kind verdict) {
  for (const OutgoingMessage& part : outgoing_) Tell(verdict, part.id());
  outgoing_.clear();
}

void ResponseExchange::Clear() {
  QueuedExchange::Clear();
  heads_.clear();
}
