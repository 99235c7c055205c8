// Name resolution for one lws context.
#ifndef LWS_SS_NATIVE_LOOP_RESOLVER_H_
#define LWS_SS_NATIVE_LOOP_RESOLVER_H_

#include <libwebsockets.h>
#include <uv.h>

#include <string>
#include <unordered_map>

class ConnectRace;
class LoopClient;
class RequestCounter;

// Resolves names with uv's getaddrinfo, which asks the system's own resolver on another thread. It
// provides lws's asynchronous DNS interface. When a name has several addresses, it connects to them
// in turn, and gives lws a connected socket.
class Resolver {
 public:
  Resolver(uv_loop_t* loop, LoopClient* client, RequestCounter* counter)
      : loop_(loop), client_(client), counter_(counter) {}

  lws_async_dns_retcode_t Query(const char* name, lws_async_dns_cb_t callback, lws* wsi,
                                void* opaque);
  void Cancel(lws* wsi);

  // Cancels all queries. Answers that still come are dropped.
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
    RequestCounter* counter;
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

  uv_loop_t* loop_;
  LoopClient* client_;
  RequestCounter* counter_;
  std::unordered_map<lws*, Request*> requests_;
};

#endif
