// Responses of a server on h1 and h2: a head, and a body of which each message is a part, which is
// sent when the socket has it.
#ifndef LWS_SS_NATIVE_STREAM_RESPONSE_EXCHANGE_H_
#define LWS_SS_NATIVE_STREAM_RESPONSE_EXCHANGE_H_

#include <list>

#include "stream/queued_exchange.h"

class ResponseExchange final : public QueuedExchange {
 public:
  using QueuedExchange::QueuedExchange;

  void Send(OutgoingMessage message) override;
  void Respond(ResponseHead head) override;
  void EndResponse() override;
  void TransactionBegins() override;
  void Pump() override;
  lws_ss_state_return_t Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                           int* flags) override;
  bool SettleWritten() override;
  void DropStarted() override;
  void Clear() override;

 private:
  // unasked: there is no request; asked: the head is not with lws yet; begun: the body may go on;
  // bodiless: what comes of it is dropped; over: all of it is with lws.
  enum class Stage : uint8_t { kUnasked, kAsked, kBegun, kBodiless, kOver };

  void GiveHeads();
  void DropBody(StreamEvent::Kind verdict);

  std::list<ResponseHead> heads_;
  Stage stage_ = Stage::kUnasked;
  bool is_ended_ = false;
};

#endif
