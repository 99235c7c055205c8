// Resolves names on the threads of uv.
#include "loop/resolver.h"

#include "loop/connect_race.h"
#include "loop/loop_client.h"
#include "loop/request_counter.h"
#include "lws/sockets.h"

namespace {

// What resolv.conf has by default for three name servers that do not answer: 5 s each, twice.
constexpr lws_usec_t kLimit = 30 * LWS_US_PER_SEC;

}  // namespace

lws_async_dns_retcode_t Resolver::Query(const char* name, lws_async_dns_cb_t callback, lws* wsi,
                                        void* opaque) {
  auto* request = new Request{};
  request->uv.data = request;
  request->resolver = this;
  request->counter = counter_;
  request->name = name;
  request->callback = callback;
  request->wsi = wsi;
  request->opaque = opaque;

  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  if (uv_getaddrinfo(loop_, &request->uv, OnAnswer, name, nullptr, &hints) != 0) {
    delete request;
    return LADNS_RET_FAILED;
  }
  Cancel(wsi);
  requests_[wsi] = request;
  request->limit.request = request;
  lws_sul_schedule(lws_get_context(wsi), 0, &request->limit.timer, OnLate, kLimit);
  counter_->RequestStarted();
  return LADNS_RET_CONTINUING;
}

void Resolver::Cancel(lws* wsi) {
  const auto found = requests_.find(wsi);
  if (found == requests_.end()) return;
  Request* request = found->second;
  requests_.erase(found);
  request->resolver = nullptr;
  lws_sul_cancel(&request->limit.timer);
  if (request->race)
    request->race->Close();
  else
    // This fails when a thread works on the query already. Its answer is dropped then.
    uv_cancel(reinterpret_cast<uv_req_t*>(&request->uv));
}

void Resolver::Abandon() {
  while (!requests_.empty()) Cancel(requests_.begin()->first);
}

void Resolver::OnAnswer(uv_getaddrinfo_t* uv, int status, addrinfo* found) {
  auto* request = static_cast<Request*>(uv->data);
  if (Resolver* self = request->resolver) {
    const LoopClient::Scope scope(self->client_);
    lws_sul_cancel(&request->limit.timer);
    if (status == 0 && found->ai_next) {
      request->found = found;
      self->Race(request);
      return;
    }
    self->requests_.erase(request->wsi);
    const int code = status == 0                                          ? LADNS_RET_FOUND
                     : status == UV_EAI_NONAME || status == UV_EAI_NODATA ? LADNS_RET_NXDOMAIN
                                                                          : LADNS_RET_TIMEDOUT;
    // lws gives the list back through lws_async_dns_freeaddrinfo().
    request->callback(request->wsi, request->name.c_str(), found, code, request->opaque);
  } else {
    request->found = found;
  }
  Delete(request);
}

// A thread may work on the query for longer. Its answer is dropped then.
void Resolver::OnLate(lws_sorted_usec_list_t* timer) {
  Request* request = lws_container_of(timer, Limit, timer)->request;
  Resolver* self = request->resolver;
  self->requests_.erase(request->wsi);
  request->resolver = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&request->uv));
  request->callback(request->wsi, request->name.c_str(), nullptr, LADNS_RET_TIMEDOUT,
                    request->opaque);
}

void Resolver::Race(Request* request) {
  ssi_note_addresses(request->wsi, request->found);
  request->race = new ConnectRace(
      loop_, request->wsi, request->found, ssi_connect_limit_ms(request->wsi),
      [request](lws_sockfd_type socket, const std::string& failure) {
        OnConnected(request, socket, failure);
      },
      [request] { Delete(request); });
  request->race->Start();
}

void Resolver::OnConnected(Request* request, lws_sockfd_type socket, const std::string& failure) {
  Resolver* self = request->resolver;
  self->requests_.erase(request->wsi);
  const LoopClient::Scope scope(self->client_);
  lws_async_dns_connected connected = {socket, failure.c_str()};
  request->callback(request->wsi, request->name.c_str(), nullptr, LADNS_RET_FOUND, &connected);
  if (connected.sockfd != LWS_SOCK_INVALID) ssi_close_socket(connected.sockfd);
}

void Resolver::Delete(Request* request) {
  RequestCounter* counter = request->counter;
  if (request->found) uv_freeaddrinfo(request->found);
  delete request;
  counter->RequestDone();
}
