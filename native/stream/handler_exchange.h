// The exchange of a stream with handlers: it has no messages, and asks the tx handler for bytes.
#ifndef LWS_SS_NATIVE_STREAM_HANDLER_EXCHANGE_H_
#define LWS_SS_NATIVE_STREAM_HANDLER_EXCHANGE_H_

#include "stream/exchange.h"
#include "stream/handler_sink.h"

class HandlerExchange final : public Exchange {
 public:
  HandlerExchange(const Host* host, HandlerSink* handlers) : host_(host), handlers_(handlers) {}

  void Send(OutgoingMessage) override {}
  void Cancel(uint32_t) override {}
  void SetKind(const Kind&) override {}
  void Pump() override {}
  lws_ss_state_return_t Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                           int* flags) override {
    // What needs no room is not theirs to say.
    if (!*length) return LWSSSSRET_TX_DONT_SEND;
    const bool is_given = handlers_->Tx(ordinal, into, length, flags);
    return is_given && !host_->is_closing() ? LWSSSSRET_OK : LWSSSSRET_TX_DONT_SEND;
  }
  void DropStarted() override {}
  void Clear() override {}
  bool is_empty() const override { return true; }
  bool keeps_metadata() const override { return false; }
  const Metadata& MetadataToConnect(const Metadata& now, const Metadata&) const override {
    return now;
  }

 private:
  const Host* const host_;
  HandlerSink* const handlers_;
};

#endif
