// What a listener does: where it is, what it shows in TLS, and how it gets the streams of the
// connections that it accepts.
#include <uv.h>

#include "context/ss_context.h"
#include "node/js_call.h"
#include "node/latin1.h"
#include "stream/ss_stream.h"

ss_link* SsStream::OnAccept(ss_link* listener) { return Of(listener)->Accept(); }

// accept() gives [stream, handlers?]; without a stream, the connection is refused.
ss_link* SsStream::Accept() {
  if (is_closing() || accept_.IsEmpty() || !can_call_js()) return nullptr;
  const Napi::HandleScope scope(Env());
  napi_value returned = JsCall::Make(Env(), async_, Value(), accept_.Value(), {});
  if (!returned) return nullptr;
  const Napi::Value given(Env(), returned);
  if (!given.IsArray()) return nullptr;
  const Napi::Value stream = given.As<Napi::Array>().Get(0u);
  const Napi::Value handlers = given.As<Napi::Array>().Get(1u);
  // They are there, but not in a worker that is being terminated.
  if (stream.IsEmpty() || !stream.IsObject() || handlers.IsEmpty()) return nullptr;
  SsStream* accepted = Unwrap(stream.As<Napi::Object>());
  if (accepted->life_ != Life::kUnopened) return nullptr;
  if (handlers.IsObject()) accepted->UseHandlers(handlers.As<Napi::Object>());
  return accepted->BeAcceptedBy(*this);
}

// Its metadata is sized by the policy that its listener goes by, which may be an earlier one than
// the context's.
ss_link* SsStream::BeAcceptedBy(const SsStream& listener) {
  policy_ = listener.policy_;
  Begin();
  return &link_;
}

namespace {

// [address, port], or undefined for what has none, as Unix sockets.
Napi::Value AddressOf(Napi::Env env, const sockaddr_storage& address) {
  char name[INET6_ADDRSTRLEN + 1] = "";
  uint16_t port = 0;
  if (address.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address);
    uv_ip4_name(in, name, sizeof(name));
    port = in->sin_port;
  } else if (address.ss_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address);
    uv_ip6_name(in, name, sizeof(name));
    port = in->sin6_port;
  } else {
    return env.Undefined();
  }
  const auto text = Napi::String::New(env, name);
  auto pair = Napi::Array::New(env, 2);
  // They are there, but not in a worker that is being terminated.
  if (text.IsEmpty() || pair.IsEmpty()) return env.Undefined();
  pair.Set(0u, text);
  pair.Set(1u, Napi::Number::New(env, ntohs(port)));
  return pair;
}

ss_link_bytes BytesOf(const Napi::Value& bytes) {
  const auto array = bytes.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

// All of an array; false in a worker that is being terminated.
bool ReadBytes(const Napi::Value& array, std::vector<ss_link_bytes>* all) {
  const auto items = array.As<Napi::Array>();
  for (uint32_t n = 0; n < items.Length(); n++) {
    const Napi::Value bytes = items.Get(n);
    if (bytes.IsEmpty()) return false;
    all->push_back(BytesOf(bytes));
  }
  return true;
}

}  // namespace

// What JavaScript has checked.
std::optional<SsStream::Listening> SsStream::ListeningOf(const Napi::Value& options) {
  if (!options.IsObject()) return std::nullopt;
  const auto given = options.As<Napi::Object>();
  const Napi::Value shares_port = given.Get("sharesPort");
  const Napi::Value deflates = given.Get("deflates");
  const Napi::Value limits = given.Get("limits");
  // They are there, but not in a worker that is being terminated.
  if (shares_port.IsEmpty() || deflates.IsEmpty() || limits.IsEmpty()) return std::nullopt;
  const auto number = [&limits](const char* name) {
    const Napi::Value value = limits.As<Napi::Object>().Get(name);
    return value.IsEmpty() ? 0 : static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
  };
  const auto small = [&number](const char* name) { return static_cast<uint32_t>(number(name)); };
  Listening listening = {};
  listening.shares_port = shares_port.As<Napi::Boolean>();
  listening.limits.deflates = deflates.As<Napi::Boolean>();
  listening.limits.head_bytes = small("headerBytes");
  listening.limits.head_ms = small("headersTimeout");
  listening.limits.request_ms = small("requestTimeout");
  listening.limits.keepalive_ms = small("keepAliveTimeout");
  listening.limits.body_bytes = number("bodyBytes");
  listening.limits.message_bytes = number("messageBytes");
  listening.limits.streams = small("streamsPerConnection");
  listening.limits.connections = small("connections");
  return listening;
}

Napi::Value SsStream::ListenPort(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), is_there() ? link_.ops->listen_port(&link_) : 0);
}

Napi::Value SsStream::ListenAddresses(const Napi::CallbackInfo& info) {
  auto all = Napi::Array::New(info.Env());
  sockaddr_storage address = {};
  if (all.IsEmpty()) return info.Env().Undefined();
  for (int n = 0; is_there() && link_.ops->listen_address(&link_, n, &address); n++)
    all.Set(static_cast<uint32_t>(n), AddressOf(info.Env(), address));
  return all;
}

Napi::Value SsStream::StopListening(const Napi::CallbackInfo& info) {
  wishes_.stop_listening = true;
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::CarriesStreams(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), is_there() && link_.ops->carries_streams(&link_));
}

// (chain, key, authorities, refusesStrangers), as DER; returns why that cannot be.
Napi::Value SsStream::UseIdentity(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<ss_link_bytes> chain, authorities;
  if (!is_there() || !ReadBytes(info[0], &chain) || !ReadBytes(info[2], &authorities))
    return env.Undefined();
  const ss_link_identity identity = {
      chain.data(),       chain.size(),       BytesOf(info[1]),
      authorities.data(), authorities.size(), info[3].As<Napi::Boolean>(),
  };
  const char* why = link_.ops->use_identity(&link_, &identity);
  if (!why) return env.Undefined();
  return Napi::String::New(env, why);
}

Napi::Value SsStream::Peer(const Napi::CallbackInfo& info) {
  sockaddr_storage address = {};
  if (!is_there() || !link_.ops->peer(&link_, &address)) return info.Env().Undefined();
  return AddressOf(info.Env(), address);
}

// As DER.
Napi::Value SsStream::PeerCertificate(const Napi::CallbackInfo& info) {
  std::string der;
  const auto keep = [](ss_link_bytes bytes, void* into) {
    static_cast<std::string*>(into)->assign(reinterpret_cast<const char*>(bytes.data),
                                            bytes.length);
  };
  if (is_there()) link_.ops->peer_certificate(&link_, keep, &der);
  if (der.empty()) return info.Env().Undefined();
  return Napi::Buffer<char>::Copy(info.Env(), der.data(), der.size());
}

// [version, alpn]
Napi::Value SsStream::Tls(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ss_link_tls tls = {};
  if (!is_there() || !link_.ops->tls(&link_, &tls)) return env.Undefined();
  auto agreed = Napi::Array::New(env, 2);
  agreed.Set(0u, Napi::String::New(env, tls.version));
  agreed.Set(
      1u, Latin1(env, std::string(reinterpret_cast<const char*>(tls.alpn.data), tls.alpn.length)));
  return agreed;
}
