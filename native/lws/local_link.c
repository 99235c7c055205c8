/* The link of a stream that lws fulfils itself. */
#include "lws/link.h"

#include <uv.h>

#include "lws/local_answer.h"
#include "lws/local_close.h"
#include "lws/local_mqtt.h"
#include "lws/local_server.h"
#include "lws/local_tls.h"
#include "lws/prefetch.h"
#include "private-lib-core.h"

static struct lws_ss_handle* handle_of(const struct ss_link* link) { return link->handle; }

static int is_http(const struct lws_ss_handle* h) {
  return h->policy->protocol == LWSSSP_H1 || h->policy->protocol == LWSSSP_H2;
}

/* Whether a request has it without the policy's leave: it says what its body is, and how the answer
 * may be coded. */
static int is_own_header(const char* name) {
  return !strcmp(name, "content-type:") || !strcmp(name, "accept-encoding:");
}

static void destroy(struct ss_link* link) {
  struct lws_ss_handle* h = handle_of(link);

  local_say_goodbye(h->wsi);
  lws_ss_destroy(&h);
  link->handle = NULL;
}

static lws_ss_state_return_t connect_now(struct ss_link* link) {
  struct lws_ss_handle* h = handle_of(link);
  lws_ss_state_return_t r;

  if (h->wsi || (h->policy->flags & LWSSSPOLF_SERVER)) return LWSSSSRET_OK;

  lws_sul_cancel(&h->sul);
  h->retry = 0;
  /* In the idle state, lws_ss_backoff() would do as after the last retry. */
  h->seqstate = SSSEQ_TRY_CONNECT;
  r = lws_ss_client_connect(h);

  return r && r != LWSSSSRET_DESTROY_ME ? lws_ss_backoff(h) : r;
}

static lws_ss_state_return_t request(struct ss_link* link, uint64_t length) {
  if (length == SS_LINK_NO_LENGTH) return lws_ss_request_tx(handle_of(link));
  if (length == SS_LINK_OPEN_LENGTH) length = LWS_ILLEGAL_HTTP_CONTENT_LEN;
  return lws_ss_request_tx_len(handle_of(link), length);
}

static void disconnect(struct ss_link* link) {
  struct lws_ss_handle* h = handle_of(link);

  local_say_goodbye(h->wsi);
  /* The length is that of a transaction which is over. */
  h->writeable_len = 0;
  if (h->wsi) lws_set_timeout(h->wsi, 1, LWS_TO_KILL_SYNC);
  /* What was accepted goes with its connection. */
  if (!link->handle || h->wsi || (h->policy->flags & LWSSSPOLF_NAILED_UP)) return;

  lws_sul_cancel(&h->sul);
  h->seqstate = SSSEQ_IDLE;
}

static enum ss_link_phase phase(const struct ss_link* link) {
  const struct lws_ss_handle* h = handle_of(link);

  if (h->wsi) return SS_LINK_BUSY;
  return h->seqstate == SSSEQ_RECONNECT_WAIT ? SS_LINK_WAITS : SS_LINK_IDLE;
}

static void become_idle(struct ss_link* link) {
  struct lws_ss_handle* h = handle_of(link);

  /* When a connection is over, lws leaves the state as it was, in which it connects nothing. */
  if (h->seqstate == SSSEQ_CONNECTED || h->seqstate == SSSEQ_TRY_CONNECT) h->seqstate = SSSEQ_IDLE;
}

static lws_ss_state_return_t back_off(struct ss_link* link) {
  return lws_ss_backoff(handle_of(link));
}

static uint64_t wait_ms(const struct ss_link* link) {
  const lws_usec_t us = handle_of(link)->sul.us - lws_now_usecs();

  return us > 0 ? (uint64_t)(us + LWS_US_PER_MS - 1) / LWS_US_PER_MS : 0;
}

static uint16_t failures(const struct ss_link* link) { return handle_of(link)->retry; }

static void set_failures(struct ss_link* link, uint16_t count) { handle_of(link)->retry = count; }

static struct ss_link_failure failure(const struct ss_link* link) {
  const struct lws_ss_handle* h = handle_of(link);
  struct ss_link_failure f = {h->connection_failure, h->endpoint, h->failure_number, h->retry + 1u,
                              h->ws_close_code};

  if (h->settings_differ)
    f.code = SS_LINK_SETTINGS_DIFFER;
  else if (h->not_again && h->prev_ss_state == LWSSSCS_UNREACHABLE)
    f.code = SS_LINK_NOT_REPEATED;
  return f;
}

static void allow_retries(struct ss_link* link) { handle_of(link)->not_again = 0; }

static int has_unsent(const struct ss_link* link) {
  const struct lws_ss_handle* h = handle_of(link);
  struct lws* nwsi;

  if (!h->wsi || h->prev_ss_state == LWSSSCS_DISCONNECTED) return h->unsent;
  nwsi = lws_get_network_wsi(h->wsi);
  /* What the socket refused is lost, before the connection is known to be over. */
  return nwsi->tx_lost || lws_has_buffered_out(h->wsi) || lws_corked(h->context, h->tsi);
}

static void set_reading(struct ss_link* link, int on) {
  struct lws* wsi = handle_of(link)->wsi;

  if (!wsi) return;
  lws_rx_flow_control(wsi, on);
  if (lwsi_role_server(wsi)) local_time_body(wsi, on);
}

static void start_timeout(struct ss_link* link, unsigned int ms) {
  lws_ss_start_timeout(handle_of(link), ms);
}

static void cancel_timeout(struct ss_link* link) { lws_ss_cancel_timeout(handle_of(link)); }

static void add_peer_credit(struct ss_link* link, int32_t bytes) {
  (void)!lws_ss_add_peer_tx_credit(handle_of(link), bytes);
}

static int peer_credit(const struct ss_link* link) {
  return lws_ss_get_est_peer_tx_credit(handle_of(link));
}

static int forget_metadata(struct ss_link* link, int answer) {
  struct lws_ss_handle* h = handle_of(link);
  const lws_ss_metadata_t* declared = h->policy->metadata;
  lws_ss_metadata_t* gone;
  int n;

  /* lws keeps the pointer to a name, so each gets that of its policy again. Only the values that
   * lws itself has set are on its heap. */
  for (n = 0; n < h->policy->metadata_count; n++, declared = declared->next)
    if (answer || !h->metadata[n].value_on_lws_heap)
      (void)!_lws_ss_set_metadata(&h->metadata[n], declared->name, NULL, 0);
  while ((gone = h->instant_metadata)) {
    h->instant_metadata = gone->next;
    lws_free(gone);
  }
  return h->policy->metadata_count || is_http(h);
}

static void set_metadata(struct ss_link* link, const char* name, const void* value, size_t length) {
  struct lws_ss_handle* h = handle_of(link);
  const lws_ss_metadata_t* declared = lws_ss_get_handle_metadata(h, name);
  const size_t end = strlen(name);

  if (!declared && value && is_http(h) && is_own_header(name)) {
    (void)!lws_ss_set_header(h, name, value, length);
    return;
  }
  /* Another policy may have declared what is no header. */
  if (!value || (declared ? !declared->value_on_lws_heap : end && name[end - 1] == ':'))
    (void)!lws_ss_set_metadata(h, name, value, length);
}

static int get_metadata(const struct ss_link* link, const char* name, const void** value,
                        size_t* length) {
  return !lws_ss_get_metadata(handle_of(link), name, value, length) && *value;
}

static void follow_policy(struct ss_link* link, const lws_ss_policy_t* policy,
                          lws_ss_metadata_t* metadata) {
  struct lws_ss_handle* h = handle_of(link);
  const lws_ss_metadata_t* declared = policy->metadata;
  int n;

  for (n = 0; n < policy->metadata_count; n++, declared = declared->next) {
    lws_ss_metadata_t* known = lws_ss_get_handle_metadata(h, declared->name);

    memset(&metadata[n], 0, sizeof(metadata[n]));
    if (known) {
      metadata[n] = *known;
      known->value_on_lws_heap = 0;
    }
    metadata[n].name = declared->name;
    metadata[n].next = n + 1 < policy->metadata_count ? &metadata[n + 1] : NULL;
  }
  for (n = 0; n < h->policy->metadata_count; n++)
    if (h->metadata[n].value_on_lws_heap) lws_free(h->metadata[n].value__may_own_heap);

  h->metadata = policy->metadata_count ? metadata : NULL;
  h->policy = policy;
  h->rideshare = NULL;
}

static void server_ack(struct ss_link* link, int status) {
  lws_ss_server_ack(handle_of(link), status);
}

static const char* rideshare(const struct ss_link* link) {
  return lws_ss_rideshare(handle_of(link));
}

static int has_next_ride(const struct ss_link* link) {
  const lws_ss_policy_t* now = handle_of(link)->rideshare;

  return now && now->rideshare_streamtype;
}

static size_t rest_of_frame(const struct ss_link* link) {
  struct lws* wsi = handle_of(link)->wsi;

  return wsi && lwsi_role_ws(wsi) && wsi->ws ? lws_remaining_packet_payload(wsi) : 0;
}

static const char* tag(const struct ss_link* link) { return lws_ss_tag(handle_of(link)); }

#define PREFETCH(first, last) \
  prefetch(&(first), (size_t)((const char*)(&(last) + 1) - (const char*)&(first)))

static void prefetch_stream(const struct ss_link* link) {
  const struct lws_ss_handle* h = handle_of(link);

  PREFETCH(h->info.rx, h->info.state);
  PREFETCH(h->context, h->wsi);
  PREFETCH(h->txord, h->txord);
  PREFETCH(h->seqstate, h->prev_ss_state);
}

static void prefetch_connection(const struct ss_link* link) {
  const struct lws* wsi = handle_of(link)->wsi;

  if (!wsi) return;
  PREFETCH(wsi->a, wsi->a);
  PREFETCH(wsi->ws, wsi->txc);
  PREFETCH(wsi->role_ops, wsi->role_ops);
  PREFETCH(wsi->user_space, wsi->buflist_out);
  PREFETCH(wsi->desc, wsi->c_pri);
}

static lws_sockfd_type prefetch_framing(const struct ss_link* link) {
  struct lws* wsi = handle_of(link)->wsi;

  if (!wsi) return LWS_SOCK_INVALID;
  if (wsi->ws) PREFETCH(*wsi->ws, *wsi->ws);
  return lws_get_socket_fd(wsi);
}

static const struct ss_link_ops ops = {
    .destroy = destroy,
    .connect = connect_now,
    .request = request,
    .disconnect = disconnect,
    .close = local_close,
    .end_sending = local_end_sending,
    .phase = phase,
    .become_idle = become_idle,
    .back_off = back_off,
    .wait = wait_ms,
    .failures = failures,
    .set_failures = set_failures,
    .failure = failure,
    .allow_retries = allow_retries,
    .has_unsent = has_unsent,
    .set_reading = set_reading,
    .start_timeout = start_timeout,
    .cancel_timeout = cancel_timeout,
    .add_peer_credit = add_peer_credit,
    .peer_credit = peer_credit,
    .forget_metadata = forget_metadata,
    .set_metadata = set_metadata,
    .get_metadata = get_metadata,
    .follow_policy = follow_policy,
    .answer = local_answer,
    .answer_url = local_answer_url,
    .want_refusal = local_want_refusal,
    .each_answered = local_each_answered,
    .each_field = local_each_field,
    .has_trailers = local_has_trailers,
    .has_body_pending = local_has_body_pending,
    .set_body_once = local_set_body_once,
    .server_ack = server_ack,
    .request_head = local_request_head,
    .respond = local_respond,
    .rideshare = rideshare,
    .has_next_ride = has_next_ride,
    .packet_id = local_packet_id,
    .send_again = local_send_again,
    .is_received = local_is_received,
    .keep_packet_id = local_keep_packet_id,
    .has_session = local_has_session,
    .release = local_release,
    .published = local_published,
    .rest_of_frame = rest_of_frame,
    .listen_port = local_listen_port,
    .listen_address = local_listen_address,
    .stop_listening = local_stop_listening,
    .carries_streams = local_carries_streams,
    .use_identity = local_use_identity,
    .peer = local_peer,
    .peer_certificate = local_peer_certificate,
    .tls = local_tls,
    .tag = tag,
    .prefetch = prefetch_stream,
    .prefetch_connection = prefetch_connection,
    .prefetch_framing = prefetch_framing,
};

/* Takes a connection that was accepted: lws made its handle with what the listener's has. */
static struct ss_link* adopt(struct ss_link_user* user) {
  struct ss_link* listener = user->link;

  user->link = listener->calls->accept(listener);
  return user->link;
}

static lws_ss_state_return_t on_state(void* userobj, void* sink, lws_ss_constate_t state,
                                      lws_ss_tx_ordinal_t ordinal) {
  struct ss_link_user* user = userobj;
  struct lws_ss_handle* h = user->handle;
  struct ss_link* link = user->link;

  (void)sink;
  /* Every stream hears of every lws_cancel_service(); no application has a use for it. */
  if (state == LWSSSCS_EVENT_WAIT_CANCELLED) return LWSSSSRET_OK;
  switch (state) {
    case LWSSSCS_CREATING:
      if ((h->info.flags & LWSSSINFLAGS_ACCEPTED) && !(link = adopt(user)))
        return LWSSSSRET_DESTROY_ME;
      link->ops = &ops;
      link->handle = h;
      break;
    case LWSSSCS_CONNECTING:
      h->connection_failure[0] = '\0';
      h->failure_number = 0;
      h->ws_close_code = 0;
      break;
    case LWSSSCS_ALL_RETRIES_FAILED:
      h->writeable_len = 0;
      break;
    case LWSSSCS_DESTROYING:
      if (link) link->handle = NULL;
      break;
    default:
      break;
  }
  return link ? link->calls->state(link, state, ordinal) : LWSSSSRET_OK;
}

int local_link_create(struct lws_context* cx, struct ss_link* link,
                      const struct ss_link_info* info) {
  struct lws_ss_handle* h = NULL;
  lws_ss_info_t i;

  memset(&i, 0, sizeof(i));
  i.streamtype = info->streamtype;
  i.user_alloc = sizeof(struct ss_link_user);
  i.handle_offset = offsetof(struct ss_link_user, handle);
  i.opaque_user_data_offset = offsetof(struct ss_link_user, link);
  i.manual_initial_tx_credit = info->initial_peer_credit;
  i.rx = link->calls->rx;
  i.tx = link->calls->tx;
  i.state = on_state;
  i.ws_deflate = info->deflate;
  if (info->connects_later) i.flags |= LWSSSINFLAGS_NO_CONNECT;
  if (info->shares_port) i.flags |= LWSSSINFLAGS_SHARE_PORT;
  cx->listen_errno = 0;
  if (lws_ss_create(cx, 0, &i, link, &h, NULL, NULL) || !h) return 0;
  if (info->limits) local_limit(link, info->limits);
  return 1;
}

int local_link_listen_error(const struct lws_context* cx) {
  return -uv_translate_sys_error(cx->listen_errno);
}
