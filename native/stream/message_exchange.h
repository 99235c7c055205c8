// Bytes on raw, and messages on ws: one is sent when the socket has it.
#ifndef LWS_SS_NATIVE_STREAM_MESSAGE_EXCHANGE_H_
#define LWS_SS_NATIVE_STREAM_MESSAGE_EXCHANGE_H_

#include "stream/queued_exchange.h"

class MessageExchange final : public QueuedExchange {
 public:
  using QueuedExchange::QueuedExchange;

  void Pump() override;
  lws_ss_state_return_t Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                           int* flags) override;
  bool SettleWritten() override;
  void DropStarted() override;

 private:
  void RequestFront();
};

#endif
