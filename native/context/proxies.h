// By which proxies connections go.
#ifndef LWS_SS_NATIVE_CONTEXT_PROXIES_H_
#define LWS_SS_NATIVE_CONTEXT_PROXIES_H_

#include <libwebsockets.h>
#include <napi.h>

#include <string>

class SsContext;

// Says by which proxy each connection of one lws context goes, in JavaScript: this is the provider
// of libwebsockets' external proxies.
class Proxies {
 public:
  explicit Proxies(SsContext* context) : context_(context) {}

  // (host, port, tls): undefined for a connection without a proxy, why there can be none, or
  // [address, port, user, password, request], with "" as the request for socks5. Without a function
  // no connection has a proxy. Returns whether it is another function than before.
  bool SetChoose(const Napi::Value& choose);
  void Release() { choose_.Reset(); }

  // nullptr, or why there is no way to connect. Its strings are there until the next call.
  const char* Choose(const char* host, uint16_t port, bool tls, lws_proxy_t* to);

 private:
  SsContext* context_;
  Napi::FunctionReference choose_;
  std::string why_, address_, user_, password_, request_;
};

#endif
