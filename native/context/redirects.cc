// Asks JavaScript where a redirect leads.
#include "context/redirects.h"

#include "context/ss_context.h"
#include "node/js_call.h"
#include "node/latin1.h"

void Redirects::SetResolve(const Napi::Value& resolve) {
  // It always is, but not in a worker that is being terminated.
  if (resolve.IsFunction()) resolve_ = Napi::Persistent(resolve.As<Napi::Function>());
}

const char* Redirects::Resolve(const char* base, const char* location, lws_redirect_t* to) {
  why_ = "the program is ending";
  if (resolve_.IsEmpty() || !context_->can_call_js()) return why_.c_str();
  const Napi::Env env = context_->Env();
  const Napi::HandleScope scope(env);
  const Napi::Value answer(
      env, JsCall::Make(env, context_->async_context(), context_->Value(), resolve_.Value(),
                        {Latin1(env, base), Latin1(env, location)}));
  if (answer.IsString()) why_ = answer.As<Napi::String>();
  if (!answer.IsArray()) return why_.c_str();
  const auto target = answer.As<Napi::Array>();
  const Napi::Value host = target.Get(0u), port = target.Get(1u), tls = target.Get(2u),
                    path = target.Get(3u);
  if (!host.IsString() || !port.IsNumber() || !tls.IsBoolean() || !path.IsString())
    return why_.c_str();
  host_ = host.As<Napi::String>();
  path_ = path.As<Napi::String>();
  to->host = host_.empty() ? nullptr : host_.c_str();
  to->path = path_.c_str();
  to->port = static_cast<uint16_t>(port.As<Napi::Number>().Uint32Value());
  to->tls = tls.As<Napi::Boolean>();
  return nullptr;
}

extern "C" const char* lws_redirect_resolve(lws* wsi, const char* base, const char* location,
                                            lws_redirect_t* to) {
  return SsContext::Of(lws_get_context(wsi))->redirects().Resolve(base, location, to);
}
