// Hands what connections say to JavaScript.
#include "context/traffic.h"

#include <uv.h>

#include "context/ss_context.h"
#include "lws/traffic.h"
#include "node/js_call.h"
#include "node/latin1.h"

namespace {

// The other end's address and port; a Unix socket has none.
std::string AddressOf(lws* wsi, int* port) {
  sockaddr_storage peer = {};
  socklen_t length = sizeof(peer);
  char name[INET6_ADDRSTRLEN] = "";
  *port = 0;
  if (getpeername(lws_get_socket_fd(wsi), reinterpret_cast<sockaddr*>(&peer), &length)) return name;
  if (peer.ss_family != AF_INET && peer.ss_family != AF_INET6) return name;
  uv_ip_name(reinterpret_cast<sockaddr*>(&peer), name, sizeof(name));
  *port = ntohs(peer.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&peer)->sin_port
                                          : reinterpret_cast<sockaddr_in6*>(&peer)->sin6_port);
  return name;
}

// This end's address, which no other connection has while that is there, whatever wsi it belongs
// to; of a Unix socket, lws's tag of the wsi.
std::string NameOf(lws* wsi) {
  sockaddr_storage here = {};
  socklen_t length = sizeof(here);
  if (getsockname(lws_get_socket_fd(wsi), reinterpret_cast<sockaddr*>(&here), &length) ||
      (here.ss_family != AF_INET && here.ss_family != AF_INET6))
    return lws_wsi_tag(wsi);
  return std::string(reinterpret_cast<const char*>(&here), static_cast<size_t>(length));
}

}  // namespace

void Traffic::Listen(lws_context* lws, const Napi::Value& open, const Napi::Value& hear) {
  // They always are, but not in a worker that is being terminated.
  if (!open.IsFunction() || !hear.IsFunction()) return;
  open_ = Napi::Persistent(open.As<Napi::Function>());
  hear_ = Napi::Persistent(hear.As<Napi::Function>());
  lws_set_traffic_cb(lws, OnTraffic);
}

void Traffic::OnTraffic(lws* wsi, int sent, const void* bytes, size_t length) {
  Traffic& self = SsContext::Of(lws_get_context(wsi))->traffic();
  self.pieces_.push_back(
      {self.NumberOf(wsi), sent != 0, std::string(static_cast<const char*>(bytes), length)});
}

uint32_t Traffic::NumberOf(lws* wsi) {
  const auto [place, is_new] =
      connections_.try_emplace(NameOf(wsi), static_cast<uint32_t>(connections_.size()));
  if (!is_new) return place->second;
  Opened opened = {place->second, "", 0, "", "", "", ""};
  opened.address = AddressOf(wsi, &opened.port);
  ssi_protection tls;
  ssi_protection_of(wsi, &tls);
  opened.version = tls.version;
  opened.cipher = tls.cipher;
  if (tls.alpn_length) opened.alpn.assign(reinterpret_cast<const char*>(tls.alpn), tls.alpn_length);
  if (tls.certificate_length > 0)
    opened.certificate.assign(reinterpret_cast<const char*>(tls.certificate),
                              static_cast<size_t>(tls.certificate_length));
  ssi_free_protection(&tls);
  opened_.push_back(std::move(opened));
  return place->second;
}

void Traffic::Tell() {
  if (pieces_.empty() || hear_.IsEmpty()) return;
  const Napi::Env env = context_->Env();
  const Napi::HandleScope scope(env);
  std::vector<Opened> opened;
  std::vector<Piece> pieces;
  opened.swap(opened_);
  pieces.swap(pieces_);
  for (const Opened& one : opened) {
    if (!context_->can_call_js()) return;
    JsCall::Make(env, context_->async_context(), context_->Value(), open_.Value(),
                 {Napi::Number::New(env, one.connection), Latin1(env, one.address),
                  Napi::Number::New(env, one.port), Latin1(env, one.version),
                  Latin1(env, one.cipher), Latin1(env, one.alpn), Latin1(env, one.certificate)});
  }
  for (const Piece& piece : pieces) {
    if (!context_->can_call_js()) return;
    JsCall::Make(env, context_->async_context(), context_->Value(), hear_.Value(),
                 {Napi::Number::New(env, piece.connection), Napi::Boolean::New(env, piece.sent),
                  Latin1(env, piece.bytes)});
  }
}

void Traffic::Release() {
  open_.Reset();
  hear_.Reset();
}
