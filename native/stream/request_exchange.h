// Requests on h1 and h2: a message is the body of a transaction, or, when streamtypes share a ride,
// a part of the body. It is sent when the server has answered.
#ifndef LWS_SS_NATIVE_STREAM_REQUEST_EXCHANGE_H_
#define LWS_SS_NATIVE_STREAM_REQUEST_EXCHANGE_H_

#include "stream/queued_exchange.h"

class RequestExchange final : public QueuedExchange {
 public:
  using QueuedExchange::QueuedExchange;

  void Cancel(uint32_t id) override;
  void SetKind(const Kind& kind) override;
  void Pump() override;
  lws_ss_state_return_t Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                           int* flags) override;
  void Connecting() override;
  void Acknowledged(lws_ss_tx_ordinal_t ordinal) override;
  void Refused(lws_ss_tx_ordinal_t ordinal) override;
  void DropStarted() override;
  void Clear() override;
  bool wants_retry(bool answered) const override;
  bool makes_connection() const override { return !outgoing_.empty(); }
  bool waits_for_first() const override { return true; }
  const Metadata& MetadataToConnect(const Metadata& now, const Metadata& asked) const override;

 private:
  OutgoingMessage* NextPart();
  lws_ss_state_return_t TxEnd(const OutgoingMessage* message, size_t* length, int* flags);
  void RequestNextPart();
  void RequestFront();
  bool Settle(StreamEvent::Kind verdict);
  bool HasPart();

  // When streamtypes share a ride: how many messages the current transaction has carried already.
  size_t parts_ = 0;
  // The messages of the last attempt are given up.
  bool was_dropped_ = false;
};

#endif
