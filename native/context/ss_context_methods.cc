// What JavaScript calls on a context.
#include "context/ss_context.h"

#include "lws/link.h"
#include "lws/local_tls.h"
#include "lws/policy.h"
#include "stream/ss_stream.h"

// ({ policy, trust, chooseProxy }): the streams go by it when they are told to.
Napi::Value SsContext::SetPolicy(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!is_open()) return Napi::Boolean::New(env, false);
  const auto options = info[0].As<Napi::Object>();
  const Napi::Value policy = options.Get("policy");
  const Napi::Value trust = options.Get("trust");
  const Napi::Value choose_proxy = options.Get("chooseProxy");
  // There always are, but not in a worker that is being terminated.
  if (policy.IsEmpty() || trust.IsEmpty() || choose_proxy.IsEmpty()) return env.Undefined();

  ServiceScope scope(this);
  const bool ok = policies_.Replace(lws_, policy.As<Napi::String>());
  if (ok) {
    AddTrust(trust);
    if (proxies_.SetChoose(choose_proxy)) ssi_share_no_connections(lws_);
  }
  loop_->RequestTurn();
  return Napi::Boolean::New(env, ok);
}

// (type, index, bytes)
Napi::Value SsContext::SetBlob(const Napi::CallbackInfo& info) {
  if (!lws_) return info.Env().Undefined();
  const auto bytes = info[2].As<Napi::Uint8Array>();
  const auto item = static_cast<lws_system_blob_item_t>(info[0].As<Napi::Number>().Int32Value());
  lws_system_blob_t* blob =
      lws_system_get_blob(lws_, item, info[1].As<Napi::Number>().Int32Value());
  if (!blob) return Napi::Boolean::New(info.Env(), false);
  lws_system_blob_heap_empty(blob);
  const bool ok = bytes.ByteLength() == 0 ||
                  lws_system_blob_heap_append(blob, bytes.Data(), bytes.ByteLength()) == 0;
  return Napi::Boolean::New(info.Env(), ok);
}

// Of lws's vhost JSON. Gives the system's number of why one cannot listen, or 0, when it fails.
Napi::Value SsContext::MakeVhosts(const Napi::CallbackInfo& info) {
  const std::string json = info[0].As<Napi::String>();
  if (!lws_) return info.Env().Undefined();
  ServiceScope scope(this);
  const bool failed = local_make_vhosts(lws_, json.data(), json.size()) != 0;
  loop_->RequestTurn();
  if (!failed) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), local_link_listen_error(lws_));
}

Napi::Value SsContext::SetLogLevel(const Napi::CallbackInfo& info) {
  log_.lll_flags = LLLF_LOG_CONTEXT_AWARE | info[0].As<Napi::Number>().Uint32Value();
  return info.Env().Undefined();
}

// (on)
Napi::Value SsContext::SetKeyLog(const Napi::CallbackInfo& info) {
  logs_keys_ = info[0].As<Napi::Boolean>();
  if (lws_) ssi_log_keys(lws_, logs_keys_);
  return info.Env().Undefined();
}

Napi::Value SsContext::SetRef(const Napi::CallbackInfo& info) {
  ref_wanted_ = info[0].As<Napi::Boolean>();
  UpdateKeepAlive();
  return info.Env().Undefined();
}

// (streams, ids, bytes, binary?): one message to each of them
Napi::Value SsContext::Broadcast(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto streams = info[0].As<Napi::Array>();
  const auto ids = info[1].As<Napi::Uint32Array>();
  const auto given = info[2].As<Napi::Uint8Array>();
  const auto bytes =
      std::make_shared<const std::vector<uint8_t>>(given.Data(), given.Data() + given.ByteLength());
  FrameKind kind = FrameKind::kAsPolicy;
  if (info[3].IsBoolean())
    kind = info[3].As<Napi::Boolean>() ? FrameKind::kBinary : FrameKind::kText;
  const auto count = static_cast<uint32_t>(ids.ElementLength());
  for (uint32_t n = 0; n < count; n++) {
    const Napi::HandleScope scope(env);
    const Napi::Value stream = streams.Get(n);
    // It is there, but not in a worker that is being terminated.
    if (stream.IsEmpty()) break;
    SsStream::Unwrap(stream.As<Napi::Object>())->SendShared(ids[n], bytes, kind);
  }
  return env.Undefined();
}

// (open, hear): what connections say from now on; see Traffic.
Napi::Value SsContext::ListenToTraffic(const Napi::CallbackInfo& info) {
  if (lws_) traffic_.Listen(lws_, info[0], info[1]);
  return info.Env().Undefined();
}

Napi::Value SsContext::Close(const Napi::CallbackInfo& info) {
  close_wanted_ = true;
  UpdateKeepAlive();
  if (loop_) loop_->RequestTurn();
  return info.Env().Undefined();
}
