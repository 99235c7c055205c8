/* Listeners inside lws, what they show of TLS, and who their clients are. */
#include "lws/local_server.h"

#if defined(__linux__)
#include <linux/filter.h>
#endif

#include "private-lib-core.h"

static struct lws_vhost* vhost_of(const struct ss_link* link) {
  struct lws_ss_handle* h = link->handle;
  struct lws_vhost* v = h->host_vh ? h->host_vh : h->context->vhost_list;

  while (!h->host_vh && v && v->ss_handle != h) v = v->vhost_next;
  return v;
}

int local_make_vhosts(struct lws_context* cx, const char* json, size_t length) {
  cx->listen_errno = 0;
  return lws_ss_conf_vhosts(cx, json, length);
}

int local_listen_port(const struct ss_link* link) {
  struct lws_vhost* v = vhost_of(link);

  return v ? lws_get_vhost_listen_port(v) : 0;
}

int local_listen_address(const struct ss_link* link, int nth, struct sockaddr_storage* address) {
  struct lws_vhost* v = vhost_of(link);
  socklen_t length = sizeof(*address);
  struct lws_dll2* d = v ? v->listen_wsi.head : NULL;

  while (d && nth--) d = d->next;
  return d && !getsockname(lws_container_of(d, struct lws, listen_list)->desc.sockfd,
                           (struct sockaddr*)address, &length);
}

void local_limit(const struct ss_link* link, const struct ss_link_limits* limits) {
  const struct lws_ss_handle* h = link->handle;
  struct lws_vhost* v = vhost_of(link);

  if (!v || h->host_vh) return;
  v->limits.head = limits->head_bytes;
  v->limits.head_us = limits->head_ms * (lws_usec_t)LWS_US_PER_MS;
  v->limits.request_us = limits->request_ms * (lws_usec_t)LWS_US_PER_MS;
  v->limits.keepalive_us = limits->keepalive_ms * (lws_usec_t)LWS_US_PER_MS;
  v->limits.body = limits->body_bytes;
  v->limits.message = limits->message_bytes;
  v->limits.streams = limits->streams;
  v->limits.connections = limits->connections;
  v->deflates = (uint8_t)limits->deflates;
}

static int carries_streams(const struct lws* wsi) {
  return wsi->upgraded_to_http2 && !wsi->mux_substream;
}

int local_carries_streams(const struct ss_link* link) {
  const struct lws_ss_handle* h = link->handle;

  return h->wsi && carries_streams(h->wsi);
}

/* Those who have connected already, as they see it, are accepted; nobody else is. */
static void accept_the_last(struct lws* listener) {
  struct lws_context_per_thread* pt = &listener->a.context->pt[(int)listener->tsi];
  struct lws_pollfd fd = {.fd = listener->desc.sockfd, .events = LWS_POLLIN, .revents = LWS_POLLIN};

#if defined(__linux__)
  /* They try again within a second, and are another's then, when the port is shared. */
  struct sock_filter drop = {BPF_RET | BPF_K, 0, 0, 0};
  struct sock_fprog filter = {1, &drop};

  if (!listener->unix_skt && !listener->a.vhost->ss_conf)
    (void)!setsockopt(fd.fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
#endif
  for (int n = 0; n < SOMAXCONN && lws_poll_listen_fd(&fd) > 0; n++)
    (void)!lws_rops_func_fidx(listener->role_ops, LWS_ROPS_handle_POLLIN)
        .handle_POLLIN(pt, listener, &fd);
}

void local_stop_listening(struct ss_link* link) {
  struct lws_ss_handle* h = link->handle;
  struct lws_vhost* v = vhost_of(link);

  if (h->info.flags & LWSSSINFLAGS_ACCEPTED) {
    if (h->wsi && lwsi_role_h1(h->wsi)) h->wsi->http.conn_type = HTTP_CONNECTION_CLOSE;
    if (h->wsi && carries_streams(h->wsi)) lws_h2_server_go_away(h->wsi);
    return;
  }
  if (h->host_vh)
    lws_ss_host_unbind(h);
  else if (v) {
    for (struct lws_dll2* d = v->listen_wsi.head; d; d = d->next)
      accept_the_last(lws_container_of(d, struct lws, listen_list));
    /* One that the vhost JSON made listens on, for the next server. */
    v->ss_ending = v->ss_conf;
    if (!v->ss_conf) lws_vhost_stop_listening(v);
  }
  /* Connections of h2 take no streams any more, and end with those that they have. */
  lws_start_foreach_dll_safe(struct lws_dll2*, d, next, h->src_list.head) {
    struct lws* wsi = lws_container_of(d, struct lws_ss_handle, cli_list)->wsi;

    if (wsi && carries_streams(wsi)) lws_h2_server_go_away(wsi);
  }
  lws_end_foreach_dll_safe(d, next);
}

/* Another context than the one that connections have: it has no key of another kind. */
static SSL_CTX* begin_context(struct lws_vhost* v) {
  struct lws_context_creation_info none;
  SSL_CTX* before = v->tls.ssl_ctx;
  SSL_CTX* made = NULL;

  memset(&none, 0, sizeof(none));
  v->tls.ssl_ctx = NULL;
  if (!lws_tls_server_vhost_backend_init(&none, v, NULL)) {
    lws_tls_server_client_cert_verify_config(v);
    lws_context_init_alpn(v);
    made = v->tls.ssl_ctx;
  } else {
    SSL_CTX_free(v->tls.ssl_ctx);
  }
  v->tls.ssl_ctx = before;
  return made;
}

static X509* read_certificate(const struct ss_link_bytes* der) {
  const unsigned char* at = der->data;

  return d2i_X509(NULL, &at, (long)der->length);
}

static const char* show(SSL_CTX* context, const struct ss_link_identity* identity) {
  const struct ss_link_bytes* chain = identity->chain;
  const unsigned char* at = identity->key.data;
  EVP_PKEY* pkey = d2i_AutoPrivateKey(NULL, &at, (long)identity->key.length);
  const char* why = pkey ? NULL : "the private key cannot be read";

  if (!why && SSL_CTX_use_certificate_ASN1(context, (int)chain[0].length, chain[0].data) != 1)
    why = "the certificate cannot be used";
  if (!why && SSL_CTX_use_PrivateKey(context, pkey) != 1)
    why = "the private key is not that of the certificate";
  EVP_PKEY_free(pkey);

  for (size_t n = 1; !why && n < identity->chain_count; n++) {
    X509* issuer = read_certificate(&chain[n]);

    if (!issuer || SSL_CTX_add1_chain_cert(context, issuer) != 1)
      why = "a certificate of the chain cannot be used";
    X509_free(issuer);
  }
  return why;
}

/* Whether somebody is a stranger is asked when the program asks for the certificate. */
static int let_in(int is_valid, X509_STORE_CTX* verification) {
  (void)is_valid;
  (void)verification;
  return 1;
}

static const char* ask_clients(SSL_CTX* context, uintptr_t server,
                               const struct ss_link_identity* identity) {
  const char* why = NULL;
  int mode = SSL_VERIFY_PEER;

  if (!identity->authority_count) return NULL;
  for (size_t n = 0; !why && n < identity->authority_count; n++) {
    X509* authority = read_certificate(&identity->authorities[n]);

    if (!authority || SSL_CTX_add_client_CA(context, authority) != 1 ||
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority) != 1)
      why = "a certificate of those who vouch for clients cannot be used";
    X509_free(authority);
  }

  if (identity->refuses_strangers) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context, mode, identity->refuses_strangers ? NULL : let_in);
  /* Without one, clients could not resume sessions. */
  SSL_CTX_set_session_id_context(context, (const unsigned char*)&server, sizeof(server));
  return why;
}

const char* local_use_identity(struct ss_link* link, const struct ss_link_identity* identity) {
  struct lws_ss_handle* h = link->handle;
  struct lws_vhost* v = vhost_of(link);
  SSL_CTX** context = h->host_vh || !v ? &h->host_ctx : &v->tls.ssl_ctx;
  const char* why;
  SSL_CTX* made;

  if (!v || !v->tls.use_ssl || !identity->chain_count) return "there is no TLS here";
  ERR_clear_error();
  made = begin_context(v);
  why = made ? show(made, identity) : "libwebsockets could not make a context of TLS";
  if (!why) why = ask_clients(made, h->server_number, identity);
  ERR_clear_error();
  if (why) {
    SSL_CTX_free(made);
    return why;
  }
  SSL_CTX_set_app_data(made, (void*)h->server_number);
  SSL_CTX_free(*context);
  *context = made;
  return NULL;
}

void local_time_body(struct lws* wsi, int on) {
  if (wsi->mux_substream && lwsi_role_h2(wsi)) lws_h2_server_time_body(wsi, on);
  if (!lwsi_role_h1(wsi) || lwsi_state(wsi) != LRS_BODY) return;
  lws_http_time_body(wsi, on);
}

int local_peer(const struct ss_link* link, struct sockaddr_storage* address) {
  const struct lws_ss_handle* h = link->handle;
  socklen_t length = sizeof(*address);

  return h->wsi &&
         !getpeername(lws_get_network_wsi(h->wsi)->desc.sockfd, (struct sockaddr*)address, &length);
}
