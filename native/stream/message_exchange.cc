// Gives lws bytes and messages, and settles those that the socket has.
#include "stream/message_exchange.h"

void MessageExchange::Pump() {
  if (!CanBegin()) return;
  host_->BeginAnew();
  RequestFront();
}

void MessageExchange::RequestFront() {
  host_->PrepareConnection();
  Request();
}

lws_ss_state_return_t MessageExchange::Tx(lws_ss_tx_ordinal_t, uint8_t* into, size_t* length,
                                          int* flags) {
  if (outgoing_.empty()) return LWSSSSRET_TX_DONT_SEND;
  host_->NoteUse();
  OutgoingMessage& message = outgoing_.front();
  if (Starves(message)) return LWSSSSRET_TX_DONT_SEND;
  Take(message, into, length, flags);
  if (!message.finished()) {
    Request();
    return LWSSSSRET_OK;
  }
  written_.Add(message.id());
  host_->Schedule();
  outgoing_.pop_front();
  if (!outgoing_.empty()) RequestFront();
  return LWSSSSRET_OK;
}

bool MessageExchange::SettleWritten() { return SettleAs(StreamEvent::kSent); }

void MessageExchange::DropStarted() {
  DropWritten();
  DropBegun();
}
