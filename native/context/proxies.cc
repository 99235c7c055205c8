// Asks JavaScript for the proxy of a connection.
#include "context/proxies.h"

#include "context/ss_context.h"
#include "node/js_call.h"

bool Proxies::SetChoose(const Napi::Value& choose) {
  if (!choose.IsFunction()) {
    const bool had = !choose_.IsEmpty();
    choose_.Reset();
    return had;
  }
  if (!choose_.IsEmpty() && choose_.Value().StrictEquals(choose)) return false;
  choose_ = Napi::Persistent(choose.As<Napi::Function>());
  return true;
}

const char* Proxies::Choose(const char* host, uint16_t port, bool tls, lws_proxy_t* to) {
  if (choose_.IsEmpty()) return nullptr;
  why_ = "the program is ending";
  if (!context_->can_call_js()) return why_.c_str();
  const Napi::Env env = context_->Env();
  const Napi::HandleScope scope(env);
  const Napi::Value answer(
      env, JsCall::Make(env, context_->async_context(), context_->Value(), choose_.Value(),
                        {Napi::String::New(env, host), Napi::Number::New(env, port),
                         Napi::Boolean::New(env, tls)}));
  if (answer.IsEmpty()) return why_.c_str();
  if (answer.IsUndefined()) return nullptr;
  if (answer.IsString()) why_ = answer.As<Napi::String>();
  if (!answer.IsArray()) return why_.c_str();
  const auto proxy = answer.As<Napi::Array>();
  std::string* const texts[] = {&address_, nullptr, &user_, &password_, &request_};
  for (uint32_t n = 0; n < 5; n++) {
    const Napi::Value part = proxy.Get(n);
    if (texts[n] ? !part.IsString() : !part.IsNumber()) return why_.c_str();
    if (texts[n])
      *texts[n] = part.As<Napi::String>();
    else
      to->port = static_cast<uint16_t>(part.As<Napi::Number>().Uint32Value());
  }
  to->address = address_.c_str();
  to->user = user_.c_str();
  to->password = password_.c_str();
  to->request = request_.empty() ? nullptr : request_.c_str();
  return nullptr;
}

extern "C" const char* lws_proxy_resolve(lws* wsi, const char* host, uint16_t port, int tls,
                                         lws_proxy_t* to) {
  return SsContext::Of(lws_get_context(wsi))->proxies().Choose(host, port, tls != 0, to);
}
