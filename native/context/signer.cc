// Has JavaScript sign a request.
#include "context/signer.h"

#include "context/ss_context.h"
#include "node/js_call.h"
#include "node/latin1.h"

void Signer::SetSign(const Napi::Value& sign) {
  // It always is, but not in a worker that is being terminated.
  if (sign.IsFunction()) sign_ = Napi::Persistent(sign.As<Napi::Function>());
}

bool Signer::Sign(const lws_sigv4_request_t& request) {
  result_ = "the program is ending";
  if (sign_.IsEmpty() || !context_->can_call_js()) return false;
  const Napi::Env env = context_->Env();
  const Napi::HandleScope scope(env);
  Napi::Object what = Napi::Object::New(env);
  what.Set("method", Latin1(env, request.method));
  what.Set("target", Latin1(env, request.target));
  what.Set("host", Latin1(env, request.host));
  what.Set("fields", Latin1(env, request.fields));
  what.Set("region", Latin1(env, std::string(request.region ? request.region : "",
                                             request.region ? request.region_len : 0)));
  what.Set("service", Latin1(env, std::string(request.service ? request.service : "",
                                              request.service ? request.service_len : 0)));
  what.Set("blob", Napi::Number::New(env, request.blob_index));
  what.Set("hasBody", Napi::Boolean::New(env, request.has_body != 0));
  const Napi::Value answer(
      env, JsCall::Make(env, context_->async_context(), context_->Value(), sign_.Value(), {what}));
  if (!answer.IsArray()) return false;
  const auto pair = answer.As<Napi::Array>();
  const Napi::Value is_signed = pair.Get(0u);
  const Napi::Value text = pair.Get(1u);
  if (!is_signed.IsBoolean() || !text.IsString()) return false;
  result_ = text.As<Napi::String>();
  return is_signed.As<Napi::Boolean>();
}

extern "C" int lws_sigv4_sign(lws* wsi, const lws_sigv4_request_t* request, const char** result) {
  Signer& signer = SsContext::Of(lws_get_context(wsi))->signer();
  const bool is_signed = signer.Sign(*request);
  *result = signer.result();
  return is_signed ? 0 : 1;
}
