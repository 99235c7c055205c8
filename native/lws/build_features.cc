// Lists the build options that lws has, by their names.
#include "lws/build_features.h"

#include <libwebsockets.h>

Napi::Object BuildFeatures(Napi::Env env) {
  Napi::Object features = Napi::Object::New(env);
#if defined(LWS_ROLE_H1)
  features.Set("LWS_ROLE_H1", true);
#else
  features.Set("LWS_ROLE_H1", false);
#endif
#if defined(LWS_ROLE_H2)
  features.Set("LWS_ROLE_H2", true);
#else
  features.Set("LWS_ROLE_H2", false);
#endif
#if defined(LWS_ROLE_WS)
  features.Set("LWS_ROLE_WS", true);
#else
  features.Set("LWS_ROLE_WS", false);
#endif
#if defined(LWS_ROLE_MQTT)
  features.Set("LWS_ROLE_MQTT", true);
#else
  features.Set("LWS_ROLE_MQTT", false);
#endif
#if defined(LWS_WITH_UNIX_SOCK)
  features.Set("LWS_WITH_UNIX_SOCK", true);
#else
  features.Set("LWS_WITH_UNIX_SOCK", false);
#endif
#if defined(LWS_WITH_IPV6)
  features.Set("LWS_WITH_IPV6", true);
#else
  features.Set("LWS_WITH_IPV6", false);
#endif
#if defined(LWS_WITH_SOCKS5)
  features.Set("LWS_WITH_SOCKS5", true);
#else
  features.Set("LWS_WITH_SOCKS5", false);
#endif
#if defined(LWS_WITH_CONMON)
  features.Set("LWS_WITH_CONMON", true);
#else
  features.Set("LWS_WITH_CONMON", false);
#endif
#if defined(LWS_WITH_CUSTOM_HEADERS)
  features.Set("LWS_WITH_CUSTOM_HEADERS", true);
#else
  features.Set("LWS_WITH_CUSTOM_HEADERS", false);
#endif
#if defined(LWS_WITH_HTTP_UNCOMMON_HEADERS)
  features.Set("LWS_WITH_HTTP_UNCOMMON_HEADERS", true);
#else
  features.Set("LWS_WITH_HTTP_UNCOMMON_HEADERS", false);
#endif
#if defined(LWS_WITH_TLS_SESSIONS)
  features.Set("LWS_WITH_TLS_SESSIONS", true);
#else
  features.Set("LWS_WITH_TLS_SESSIONS", false);
#endif
#if defined(LWS_WITH_SECURE_STREAMS)
  features.Set("LWS_WITH_SECURE_STREAMS", true);
#else
  features.Set("LWS_WITH_SECURE_STREAMS", false);
#endif
#if defined(LWS_WITH_SECURE_STREAMS_PROXY_API)
  features.Set("LWS_WITH_SECURE_STREAMS_PROXY_API", true);
#else
  features.Set("LWS_WITH_SECURE_STREAMS_PROXY_API", false);
#endif
#if defined(LWS_WITH_SECURE_STREAMS_SYS_AUTH_API_AMAZON_COM)
  features.Set("LWS_WITH_SECURE_STREAMS_SYS_AUTH_API_AMAZON_COM", true);
#else
  features.Set("LWS_WITH_SECURE_STREAMS_SYS_AUTH_API_AMAZON_COM", false);
#endif
#if defined(LWS_WITH_SECURE_STREAMS_AUTH_SIGV4)
  features.Set("LWS_WITH_SECURE_STREAMS_AUTH_SIGV4", true);
#else
  features.Set("LWS_WITH_SECURE_STREAMS_AUTH_SIGV4", false);
#endif
#if defined(LWS_WITH_SS_DIRECT_PROTOCOL_STR)
  features.Set("LWS_WITH_SS_DIRECT_PROTOCOL_STR", true);
#else
  features.Set("LWS_WITH_SS_DIRECT_PROTOCOL_STR", false);
#endif
#if defined(LWS_WITH_SYS_SMD)
  features.Set("LWS_WITH_SYS_SMD", true);
#else
  features.Set("LWS_WITH_SYS_SMD", false);
#endif
#if defined(LWS_WITH_SYS_METRICS)
  features.Set("LWS_WITH_SYS_METRICS", true);
#else
  features.Set("LWS_WITH_SYS_METRICS", false);
#endif
#if defined(LWS_COOKIES_EXTERNAL)
  features.Set("LWS_COOKIES_EXTERNAL", true);
#else
  features.Set("LWS_COOKIES_EXTERNAL", false);
#endif
#if defined(LWS_WITH_SYS_ASYNC_DNS)
  features.Set("LWS_WITH_SYS_ASYNC_DNS", true);
#else
  features.Set("LWS_WITH_SYS_ASYNC_DNS", false);
#endif
#if defined(LWS_WITH_SYS_FAULT_INJECTION)
  features.Set("LWS_WITH_SYS_FAULT_INJECTION", true);
#else
  features.Set("LWS_WITH_SYS_FAULT_INJECTION", false);
#endif
  return features;
}
