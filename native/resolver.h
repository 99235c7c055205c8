#ifndef LWS_SS_NATIVE_RESOLVER_H_
#define LWS_SS_NATIVE_RESOLVER_H_

#include <libwebsockets.h>
#include <uv.h>

#include <string>
#include <unordered_map>

class ConnectRace;
class SsContext;

// Name resolution for one lws context, on uv's getaddrinfo: the system's own resolver, off the
// loop. This is the provider of libwebsockets' asynchronous DNS interface. Where a name has several
// addresses, lws is given a socket that is connected to one of them.
class Resolver {
 public:
  explicit Resolver(SsContext* context) : context_(context) {}

  lws_async_dns_retcode_t Query(const char* name, lws_async_dns_cb_t callback, lws* wsi,
                                void* opaque);
  void Cancel(lws* wsi);

  // The context is going: answers that are still under way will find nobody.
  void Abandon();

 private:
  struct Request;
  struct Limit {
    lws_sorted_usec_list_t timer;
    Request* request;
  };
  struct Request {
    uv_getaddrinfo_t uv;
    Limit limit;
    Resolver* resolver;
    class AddonData* data;
    std::string name;
    lws_async_dns_cb_t callback;
    lws* wsi;
    void* opaque;
    addrinfo* found;
    ConnectRace* race;
  };

  static void OnAnswer(uv_getaddrinfo_t* uv, int status, addrinfo* found);
  static void OnLate(lws_sorted_usec_list_t* timer);
  static void OnConnected(Request* request, lws_sockfd_type socket, const std::string& failure);
  static void Delete(Request* request);

  void Race(Request* request);

  SsContext* context_;
  std::unordered_map<lws*, Request*> requests_;
};

#endif
