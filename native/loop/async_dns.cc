// Provides the asynchronous DNS interface of lws with the resolver of the loop.
#include "loop/event_loop.h"

extern "C" {

lws_async_dns_retcode_t lws_async_dns_query(lws_context* context, int, const char* name,
                                            adns_query_type_t, lws_async_dns_cb_t callback,
                                            lws* wsi, void* opaque) {
  return EventLoop::Of(context)->resolver().Query(name, callback, wsi, opaque);
}

int lws_async_dns_cancel(lws* wsi) {
  EventLoop::Of(lws_get_context(wsi))->resolver().Cancel(wsi);
  return 0;
}

void lws_async_dns_freeaddrinfo(const addrinfo** list) {
  uv_freeaddrinfo(const_cast<addrinfo*>(*list));
  *list = nullptr;
}
}
