// Asks JavaScript for cookies, and gives it those that were received.
#include "context/cookies.h"

#include <libwebsockets.h>

#include "context/ss_context.h"
#include "node/js_call.h"
#include "node/latin1.h"

namespace {

std::string UrlOf(const char* host, const char* path, bool tls) {
  const std::string name(host);
  const bool is_ipv6 = name.find(':') != std::string::npos && name[0] != '[';
  return (tls ? "https://" : "http://") + (is_ipv6 ? "[" + name + "]" : name) + path;
}

}  // namespace

void Cookies::SetJar(const Napi::Value& jar) {
  if (!jar.IsObject()) return;
  const Napi::Value get = jar.As<Napi::Object>().Get("get");
  const Napi::Value set = jar.As<Napi::Object>().Get("set");
  // They always are, but not in a worker that is being terminated.
  if (!get.IsFunction() || !set.IsFunction()) return;
  get_ = Napi::Persistent(get.As<Napi::Function>());
  set_ = Napi::Persistent(set.As<Napi::Function>());
}

void Cookies::Release() {
  get_.Reset();
  set_.Reset();
}

const char* Cookies::Get(const std::string& url) {
  if (get_.IsEmpty() || !context_->can_call_js()) return nullptr;
  const Napi::Env env = context_->Env();
  const Napi::HandleScope scope(env);
  napi_value header = JsCall::Make(env, context_->async_context(), context_->Value(), get_.Value(),
                                   {Latin1(env, url)});
  size_t length = 0;
  if (!header || napi_get_value_string_latin1(env, header, nullptr, 0, &length) != napi_ok)
    return nullptr;
  header_.resize(length + 1);
  napi_get_value_string_latin1(env, header, header_.data(), length + 1, &length);
  return header_.c_str();
}

void Cookies::Set(const std::string& url, const std::string& set_cookie) {
  if (set_.IsEmpty() || !context_->can_call_js()) return;
  const Napi::Env env = context_->Env();
  const Napi::HandleScope scope(env);
  JsCall::Make(env, context_->async_context(), context_->Value(), set_.Value(),
               {Latin1(env, url), Latin1(env, set_cookie)});
}

extern "C" {

const char* lws_cookies_get(lws* wsi, const char* host, const char* path, int tls) {
  return SsContext::Of(lws_get_context(wsi))->cookies().Get(UrlOf(host, path, tls != 0));
}

void lws_cookies_set(lws* wsi, const char* host, const char* path, int tls, const char* set_cookie,
                     size_t length) {
  SsContext::Of(lws_get_context(wsi))
      ->cookies()
      .Set(UrlOf(host, path, tls != 0), std::string(set_cookie, length));
}
}
