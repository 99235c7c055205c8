#include "lws_internals.h"

#include "private-lib-core.h"
#include "util/prefetch.h"

struct lws* ssi_wsi(struct lws_ss_handle* h) { return h->wsi; }

#define PREFETCH(first, last) \
  prefetch(&(first), (size_t)((const char*)(&(last) + 1) - (const char*)&(first)))

void ssi_prefetch_handle(const struct lws_ss_handle* h) {
  PREFETCH(h->info.rx, h->info.state);
  PREFETCH(h->context, h->wsi);
  PREFETCH(h->txord, h->txord);
  PREFETCH(h->seqstate, h->prev_ss_state);
}

void ssi_prefetch_connection(const struct lws_ss_handle* h) {
  const struct lws* wsi = h->wsi;

  if (!wsi) return;
  PREFETCH(wsi->a, wsi->a);
  PREFETCH(wsi->ws, wsi->txc);
  PREFETCH(wsi->role_ops, wsi->role_ops);
  PREFETCH(wsi->user_space, wsi->buflist_out);
  PREFETCH(wsi->desc, wsi->c_pri);
}

void ssi_prefetch_framing(const struct lws_ss_handle* h) {
  const struct lws* wsi = h->wsi;

  if (wsi && wsi->ws) PREFETCH(*wsi->ws, *wsi->ws);
}

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

int ssi_socket_error(lws_sockfd_type fd) {
  int error = 0;
  socklen_t length = sizeof(error);

  return getsockopt(fd, SOL_SOCKET, SO_ERROR, (char*)&error, &length) ? LWS_ERRNO : error;
}

void ssi_close_socket(lws_sockfd_type fd) { compatible_close(fd); }

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

size_t ssi_rest_of_frame(const struct lws_ss_handle* h) {
  return h->wsi && lwsi_role_ws(h->wsi) && h->wsi->ws ? h->wsi->ws->rx_packet_length : 0;
}

uint16_t ssi_failures(struct lws_ss_handle* h) { return h->retry; }

void ssi_set_failures(struct lws_ss_handle* h, uint16_t count) { h->retry = count; }

void ssi_forget_length(struct lws_ss_handle* h) { h->writeable_len = 0; }

lws_ss_state_return_t ssi_connect(struct lws_ss_handle* h) {
  lws_ss_state_return_t r;

  if (h->wsi) return LWSSSSRET_OK;

  lws_sul_cancel(&h->sul);
  h->retry = 0;
  /* lws_ss_backoff() takes an idle stream for one that has given up already. */
  h->seqstate = SSSEQ_TRY_CONNECT;
  r = lws_ss_client_connect(h);

  return r && r != LWSSSSRET_DESTROY_ME ? lws_ss_backoff(h) : r;
}

void ssi_say_goodbye(struct lws_ss_handle* h) {
  uint8_t frame[LWS_PRE + 2];
  struct lws* wsi = h->wsi;

  /* What the socket does not take at once is not worth waiting for. */
  if (!wsi || h->policy->protocol != LWSSSP_WS || !lwsi_role_ws(wsi) ||
      lwsi_state(wsi) != LRS_ESTABLISHED || lws_send_pipe_choked(wsi))
    return;
  lws_ser_wu16be(frame + LWS_PRE, LWS_CLOSE_STATUS_NORMAL);
  (void)!lws_write(wsi, frame + LWS_PRE, 2, LWS_WRITE_CLOSE);
}

void ssi_disconnect(struct lws_ss_handle* h) {
  ssi_say_goodbye(h);
  ssi_forget_length(h);
  if (h->wsi) lws_set_timeout(h->wsi, 1, LWS_TO_KILL_SYNC);
  if (h->wsi || (h->policy->flags & LWSSSPOLF_NAILED_UP)) return;

  lws_sul_cancel(&h->sul);
  h->seqstate = SSSEQ_IDLE;
}

int ssi_is_nailed_up(struct lws_ss_handle* h) { return !!(h->policy->flags & LWSSSPOLF_NAILED_UP); }

int ssi_will_retry(struct lws_ss_handle* h) { return h->seqstate == SSSEQ_RECONNECT_WAIT; }

void ssi_become_idle(struct lws_ss_handle* h) {
  /* lws leaves a stream whose connection is over as it was, and then will not connect it again. */
  if (h->seqstate == SSSEQ_CONNECTED || h->seqstate == SSSEQ_TRY_CONNECT) h->seqstate = SSSEQ_IDLE;
}

lws_ss_state_return_t ssi_backoff(struct lws_ss_handle* h) { return lws_ss_backoff(h); }

int ssi_good_response(struct lws_ss_handle* h) { return h->u.http.good_respcode; }

void ssi_want_refusal(struct lws_ss_handle* h) { h->wants_refusal = 1; }

int ssi_is_refusal(struct lws_ss_handle* h) { return h->refusal; }

unsigned int ssi_status(struct lws_ss_handle* h) {
  return h->wsi ? lws_http_client_http_response(h->wsi) : 0;
}

int ssi_is_redirected(struct lws_ss_handle* h) { return h->wsi && h->wsi->redirects; }

int ssi_url(struct lws_ss_handle* h, char* url, size_t size) {
  struct lws* wsi = h->wsi;
  const char *host, *path;
  char authority[300];

  if (!wsi) return 0;
  host = lws_wsi_client_stash_item(wsi, CIS_HOST, _WSI_TOKEN_CLIENT_HOST);
  path = lws_wsi_client_stash_item(wsi, CIS_PATH, _WSI_TOKEN_CLIENT_URI);
  lws_http_client_authority(wsi, host ? host : "", authority, sizeof(authority));
  return lws_snprintf(url, size, "%s://%s%s", (wsi->flags & LCCSCF_USE_SSL) ? "https" : "http",
                      authority, path ? path : "/");
}

int ssi_has_trailers(struct lws_ss_handle* h) {
  return h->wsi && h->wsi->http.ah && h->wsi->http.ah->trailers;
}

void ssi_each_field(struct lws_ss_handle* h, ssi_field_cb field, void* opaque) {
  struct lws_custom_header custom = {NULL, NULL, 0, 0, 0};
  struct allocated_headers* ah = h->wsi ? h->wsi->http.ah : NULL;
  int n;

  if (!ah) return;
  for (n = 0; n < WSI_TOKEN_COUNT; n++) {
    int f = ah->frag_index[n];
    const char* token = f ? (const char*)lws_token_to_string((enum lws_token_indexes)n) : NULL;
    const size_t length = token ? strlen(token) : 0;

    /* The others are no headers. */
    if (length < 2 || token[0] == ':' || token[length - 1] != ':') continue;
    for (; f; f = ah->frags[f].nfrag)
      if (ah->frags[f].offset >= ah->trailers)
        field(token, length - 1, &ah->data[ah->frags[f].offset], ah->frags[f].len, opaque);
  }
  while (lws_custom_header_next(h->wsi, &custom))
    if (custom.at >= ah->trailers)
      field(custom.name, custom.nlen, custom.value, custom.vlen, opaque);
}

int ssi_body_pending(struct lws_ss_handle* h) { return h->wsi && h->wsi->client_http_body_pending; }

int ssi_shares_ride(struct lws_ss_handle* h) {
  return h->rideshare && h->rideshare->rideshare_streamtype;
}

void ssi_forget_connection_failure(struct lws_ss_handle* h) {
#if defined(LWS_SS_CONNECTION_FAILURE_LEN)
  h->connection_failure[0] = '\0';
#else
  (void)h;
#endif
#if defined(LWS_SS_WS_CLOSE_CODE)
  h->ws_close_code = 0;
#endif
}

int ssi_acknowledges_itself(struct lws_ss_handle* h) {
  return h->policy->protocol == LWSSSP_MQTT && !h->policy->u.mqtt.qos;
}

uint16_t ssi_packet_id(struct lws_ss_handle* h, const lws_ss_tx_ordinal_t* ordinal) {
  return h->policy->protocol == LWSSSP_MQTT ? lws_ss_mqtt_pkt_id(h, ordinal) : 0;
}

void ssi_send_again(struct lws_ss_handle* h, uint16_t packet_id) {
  lws_ss_mqtt_send_again(h, packet_id);
}

int ssi_is_raw(const struct lws_ss_handle* h) { return h->policy->protocol == LWSSSP_RAW; }

int ssi_may_lose_received(struct lws_ss_handle* h) {
  return h->policy->protocol == LWSSSP_MQTT && !h->u.mqtt.rx_qos;
}

int ssi_has_unsent(struct lws_ss_handle* h) {
  if (h->wsi && h->prev_ss_state != LWSSSCS_DISCONNECTED) {
    struct lws* nwsi = lws_get_network_wsi(h->wsi);

#if defined(LWS_SS_UNSENT)
    /* What the socket refused, before the connection is known to be over. */
    if (nwsi->tx_lost) return 1;
#endif
    return lws_has_buffered_out(nwsi) || lws_corked(h->context, h->tsi);
  }
#if defined(LWS_SS_UNSENT)
  return h->unsent;
#else
  return 0;
#endif
}

const char* ssi_connection_failure(struct lws_ss_handle* h) {
#if defined(LWS_SS_CONNECTION_FAILURE_LEN)
  return h->connection_failure;
#else
  (void)h;
  return "";
#endif
}

int ssi_has_read_ahead(struct lws_context* cx, lws_sockfd_type fd) {
  struct lws* wsi = wsi_from_fd(cx, fd);

  return wsi && !lws_dll2_is_detached(&wsi->tls.dll_pending_tls) &&
         (cx->pt[0].fds[wsi->position_in_fds_table].events & LWS_POLLIN);
}

void ssi_acknowledge_now(struct lws_context* cx, lws_sockfd_type fd) {
#if defined(TCP_QUICKACK) && defined(LWS_MQTT_MAX_UNACKED)
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

uint16_t ssi_failure_code(struct lws_ss_handle* h) {
#if defined(LWS_SS_SETTINGS_DIFFER)
  if (h->settings_differ) return SSI_SETTINGS_DIFFER;
#endif
#if defined(LWS_SS_WS_CLOSE_CODE)
  return h->ws_close_code;
#else
  (void)h;
  return 0;
#endif
}

int ssi_takes_metadata(struct lws_ss_handle* h) {
  return h->policy->metadata_count || (h->policy->flags & LWSSSPOLF_DIRECT_PROTO_STR);
}

/* Only what lws itself sets is on its heap. */
void ssi_forget_metadata(struct lws_ss_handle* h, int answer) {
  const lws_ss_metadata_t* declared = h->policy->metadata;
  lws_ss_metadata_t* gone;
  int n;

  /* The name went by a pointer of whoever set the value. */
  for (n = 0; n < h->policy->metadata_count; n++, declared = declared->next)
    if (answer || !h->metadata[n].value_on_lws_heap)
      (void)!_lws_ss_set_metadata(&h->metadata[n], declared->name, NULL, 0);
  while ((gone = h->instant_metadata)) {
    h->instant_metadata = gone->next;
    lws_free(gone);
  }
}

void ssi_set_metadata(struct lws_ss_handle* h, const char* name, const void* value, size_t length) {
  const lws_ss_metadata_t* declared = lws_ss_get_handle_metadata(h, name);
  const size_t end = strlen(name);

  /* Another policy may have declared what is no header. */
  if (declared ? !declared->value_on_lws_heap : end && name[end - 1] == ':')
    (void)!lws_ss_set_metadata(h, name, value, length);
}

void ssi_each_answered(struct lws_ss_handle* h, ssi_header_name_cb name, void* opaque) {
  int n;

  for (n = 0; n < h->policy->metadata_count; n++)
    if (h->metadata[n].value_on_lws_heap)
      name(h->metadata[n].name, (int)strlen(h->metadata[n].name), opaque);
}

void ssi_each_header(struct lws_ss_handle* h, ssi_header_name_cb name, void* opaque) {
  int n;

  if (!h->wsi || !(h->policy->flags & LWSSSPOLF_DIRECT_PROTO_STR)) return;
  for (n = 0; n < WSI_TOKEN_COUNT; n++) {
    const char* token = (const char*)lws_token_to_string((enum lws_token_indexes)n);
    const size_t length = token ? strlen(token) : 0;

    /* The others are no headers. */
    if (length > 1 && token[0] != ':' && token[length - 1] == ':' &&
        lws_hdr_total_length(h->wsi, (enum lws_token_indexes)n))
      name(token, (int)length, opaque);
  }
#if defined(LWS_WITH_CUSTOM_HEADERS)
  lws_hdr_custom_name_foreach(h->wsi, name, opaque);
#endif
}

void ssi_service_forced(struct lws_context* cx) { (void)_lws_plat_service_forced_tsi(cx, 0); }

void ssi_service_timers(struct lws_context* cx) {
  struct lws_context_per_thread* pt = &cx->pt[0];

  lws_pt_lock(pt, __func__);
  (void)__lws_sul_service_ripe(pt->pt_sul_owner, LWS_COUNT_PT_SUL_OWNERS, lws_now_usecs());
  lws_pt_unlock(pt);
}
