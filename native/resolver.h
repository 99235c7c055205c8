#ifndef LWS_SS_NATIVE_RESOLVER_H_
#define LWS_SS_NATIVE_RESOLVER_H_

#include <libwebsockets.h>
#include <uv.h>

#include <string>
#include <unordered_map>

class SsContext;

// Name resolution for one lws context, on uv's getaddrinfo: the system's own resolver, off the
// loop. This is the provider of libwebsockets' asynchronous DNS interface.
class Resolver {
 public:
  explicit Resolver(SsContext* context) : context_(context) {}

  lws_async_dns_retcode_t Query(const char* name, lws_async_dns_cb_t callback, lws* wsi,
                                void* opaque);
  void Cancel(lws* wsi);

  // The context is going: answers that are still under way will find nobody.
  void Abandon();

 private:
  struct Request {
    uv_getaddrinfo_t uv;
    Resolver* resolver;
    class AddonData* data;
    std::string name;
    lws_async_dns_cb_t callback;
    lws* wsi;
    void* opaque;
  };

  static void OnAnswer(uv_getaddrinfo_t* uv, int status, addrinfo* found);

  SsContext* context_;
  std::unordered_map<lws*, Request*> requests_;
};

#endif
