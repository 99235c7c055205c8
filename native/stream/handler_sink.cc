// Calls a stream's handlers.
#include "stream/handler_sink.h"

#include <algorithm>
#include <cstring>

#include "node/js_call.h"

namespace {

Napi::FunctionReference Hold(const Napi::Value& property) {
  return property.IsFunction() ? Napi::Persistent(property.As<Napi::Function>())
                               : Napi::FunctionReference();
}

}  // namespace

HandlerSink::HandlerSink(Host* host, const Napi::Object& handlers)
    : host_(host),
      state_(Hold(handlers.Get("state"))),
      rx_(Hold(handlers.Get("rx"))),
      tx_(Hold(handlers.Get("tx"))),
      retry_(Hold(handlers.Get("retry"))) {}

napi_value HandlerSink::Call(const Napi::FunctionReference& handler, napi_value first,
                             napi_value second) {
  return JsCall::Make(host_->env(), host_->async(), host_->object(), handler.Value(),
                      {first, second});
}

// What lws goes on with until a handler's wish is carried out is not for the handlers; what comes
// of it is.
void HandlerSink::State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal, bool is_overtaken) {
  if (is_overtaken || !host_->can_call_js()) return;
  const Napi::Env env = host_->env();
  const Napi::HandleScope scope(env);
  Call(state_, Napi::Number::New(env, state), Napi::Number::New(env, ordinal));
}

void HandlerSink::Received(const uint8_t* data, size_t length, int flags) {
  if (!host_->can_call_js()) return;
  const Napi::Env env = host_->env();
  const Napi::HandleScope scope(env);
  Call(rx_, Napi::Buffer<uint8_t>::Copy(env, data, length), Napi::Number::New(env, flags));
}

// The other kinds are for streams of messages.
void HandlerSink::Add(StreamEvent::Kind kind, uint32_t a, uint32_t b) {
  if (kind != StreamEvent::kRetry || !host_->can_call_js()) return;
  const Napi::Env env = host_->env();
  const Napi::HandleScope scope(env);
  Call(retry_, Napi::Number::New(env, a), Napi::Number::New(env, b));
}

bool HandlerSink::Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length, int* flags) {
  if (!host_->can_call_js()) return false;
  const Napi::Env env = host_->env();
  const Napi::HandleScope scope(env);
  napi_value returned = Call(tx_, Napi::Number::New(env, static_cast<double>(*length)),
                             Napi::Number::New(env, ordinal));
  if (!returned) return false;
  const Napi::Value value(env, returned);
  if (!value.IsArray()) return false;
  // [bytes, flags], which lib/ has checked to fit.
  const auto answer = value.As<Napi::Array>();
  const Napi::Value first = answer.Get(0u);
  const Napi::Value second = answer.Get(1u);
  // There always are two, but not in a worker that is being terminated.
  if (first.IsEmpty() || second.IsEmpty()) return false;
  const auto bytes = first.As<Napi::Uint8Array>();
  const size_t n = std::min(*length, bytes.ByteLength());
  if (n) memcpy(into, bytes.Data(), n);
  *length = n;
  *flags = second.As<Napi::Number>().Int32Value();
  return true;
}

void HandlerSink::Release() {
  state_.Reset();
  rx_.Reset();
  tx_.Reset();
  retry_.Reset();
}
