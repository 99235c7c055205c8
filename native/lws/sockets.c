/* Looks into lws for its sockets: what waits, what is wrong with them, and what TLS has of them. */
#include "lws/sockets.h"

#include "private-lib-core.h"

struct lws* ssi_wsi_of_socket(struct lws_context* cx, lws_sockfd_type fd) {
  return wsi_from_fd(cx, fd);
}

int ssi_start_connecting(const struct lws* wsi, const struct sockaddr* address,
                         lws_sockfd_type* socket_out) {
  lws_sockaddr46 to;
  int error = 0;
  const lws_sockfd_type fd = socket(address->sa_family, SOCK_STREAM, 0);

  *socket_out = LWS_SOCK_INVALID;
  if (!lws_socket_is_valid(fd)) return LWS_ERRNO;
  memset(&to, 0, sizeof(to));
  memcpy(&to, address,
         address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
  sa46_sockport(&to, htons(wsi->conn_port));
  if (lws_plat_set_socket_options(wsi->a.vhost, fd, 0)) {
    error = LWS_ERRNO;
  } else {
    (void)!lws_plat_set_socket_options_ip(fd, wsi->c_pri, wsi->flags);
    if (connect(fd, sa46_sockaddr(&to), (socklen_t)sa46_socklen(&to))) error = LWS_ERRNO;
    if (error == LWS_EINPROGRESS || error == LWS_EWOULDBLOCK || error == LWS_EINTR) error = 0;
  }
  if (error)
    compatible_close(fd);
  else
    *socket_out = fd;
  return error;
}

int ssi_is_connecting(const struct lws* wsi) { return lwsi_state(wsi) == LRS_WAITING_CONNECT; }

int ssi_socket_error(lws_sockfd_type fd) {
  int error = 0;
  socklen_t length = sizeof(error);

  return getsockopt(fd, SOL_SOCKET, SO_ERROR, (char*)&error, &length) ? LWS_ERRNO : error;
}

void ssi_close_socket(lws_sockfd_type fd) { compatible_close(fd); }

int ssi_end_sending(lws_sockfd_type fd) {
#if defined(WIN32)
  return shutdown(fd, SD_SEND) == 0;
#else
  return shutdown(fd, SHUT_WR) == 0;
#endif
}

int ssi_discard(lws_sockfd_type fd, size_t* bytes) {
  char unread[16384];
  const ssize_t length = recv(fd, unread, sizeof(unread), 0);

  if (length > 0) *bytes += (size_t)length;
  return length > 0 || (length < 0 && (LWS_ERRNO == LWS_EAGAIN || LWS_ERRNO == LWS_EWOULDBLOCK ||
                                       LWS_ERRNO == LWS_EINTR));
}

uint64_t ssi_connect_limit_ms(const struct lws* wsi) { return wsi->a.context->timeout_secs * 1000; }

void ssi_note_addresses(struct lws* wsi, const struct addrinfo* found) {
  const lws_usec_t now = lws_now_usecs();

  wsi->conmon.ciu_dns = (lws_conmon_interval_us_t)(now - wsi->conmon_datum);
  wsi->conmon.dns_disposition = LWSCONMON_DNS_OK;
  wsi->conmon_datum = now;
  lws_conmon_append_copy_new_dns_results(wsi, found);
}

void ssi_lose_connection(struct lws_context* cx, lws_sockfd_type fd) {
  struct lws* wsi = wsi_from_fd(cx, fd);

  if (wsi) lws_set_timeout(wsi, 1, LWS_TO_KILL_ASYNC);
}

void ssi_acknowledge_now(struct lws_context* cx, lws_sockfd_type fd) {
#if defined(TCP_QUICKACK)
  struct lws* wsi = wsi_from_fd(cx, fd);
  /* An even number means this once. */
  int once = 2;

  if (wsi && lwsi_role_mqtt(wsi) && wsi->mqtt && wsi->mqtt->unacked.count)
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &once, sizeof(once));
#else
  (void)cx;
  (void)fd;
#endif
}

int ssi_has_read_ahead(struct lws_context* cx, lws_sockfd_type fd) {
  struct lws* wsi = wsi_from_fd(cx, fd);

  return wsi && !lws_dll2_is_detached(&wsi->tls.dll_pending_tls) &&
         (cx->pt[0].fds[wsi->position_in_fds_table].events & LWS_POLLIN);
}

void ssi_service_forced(struct lws_context* cx) { (void)_lws_plat_service_forced_tsi(cx, 0); }

void ssi_service_timers(struct lws_context* cx) {
  struct lws_context_per_thread* pt = &cx->pt[0];

  lws_pt_lock(pt, __func__);
  (void)__lws_sul_service_ripe(pt->pt_sul_owner, LWS_COUNT_PT_SUL_OWNERS, lws_now_usecs());
  lws_pt_unlock(pt);
}
