// Calls the handlers of a stream while lws waits for what they return.
#ifndef LWS_SS_NATIVE_STREAM_HANDLER_SINK_H_
#define LWS_SS_NATIVE_STREAM_HANDLER_SINK_H_

#include "stream/sink.h"

class HandlerSink final : public Sink {
 public:
  // { state, rx, tx, retry }
  HandlerSink(Host* host, const Napi::Object& handlers);

  void State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal, bool is_overtaken) override;
  void Received(const uint8_t* data, size_t length, int flags) override;
  void Add(StreamEvent::Kind kind, uint32_t a, uint32_t b) override;
  void Release() override;

  // What the tx handler gives, if anything.
  bool Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length, int* flags);

 private:
  napi_value Call(const Napi::FunctionReference& handler, napi_value first, napi_value second);

  Host* const host_;
  Napi::FunctionReference state_, rx_, tx_, retry_;
};

#endif
