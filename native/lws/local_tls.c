/* Asks OpenSSL about the TLS of a connection. */
#include "lws/local_tls.h"

#include "private-lib-core.h"

static SSL* tls_of(const struct ss_link* link) {
  const struct lws_ss_handle* h = link->handle;

  return h->wsi ? lws_get_network_wsi(h->wsi)->tls.ssl : NULL;
}

void local_peer_certificate(const struct ss_link* link, ss_link_bytes_cb certificate,
                            void* opaque) {
  SSL* ssl = tls_of(link);
  X509* shown =
      ssl && SSL_get_verify_result(ssl) == X509_V_OK ? SSL_get1_peer_certificate(ssl) : NULL;
  unsigned char* der = NULL;
  const int length = shown ? i2d_X509(shown, &der) : 0;

  if (length > 0) {
    const struct ss_link_bytes bytes = {der, (size_t)length};

    certificate(bytes, opaque);
  }
  OPENSSL_free(der);
  X509_free(shown);
}

int local_tls(const struct ss_link* link, struct ss_link_tls* tls) {
  SSL* ssl = tls_of(link);
  const unsigned char* alpn = NULL;
  unsigned int length = 0;

  if (!ssl || !SSL_is_init_finished(ssl)) return 0;
  SSL_get0_alpn_selected(ssl, &alpn, &length);
  tls->version = SSL_get_version(ssl);
  tls->alpn = (struct ss_link_bytes){alpn, length};
  return 1;
}

static void on_key(const SSL* ssl, const char* line) {
  struct lws* wsi = SSL_get_ex_data(ssl, openssl_websocket_private_data_index);

  if (wsi) ssi_on_key_line(wsi->a.context, line);
}

void ssi_log_keys(struct lws_context* cx, int on) {
  for (struct lws_vhost* v = cx->vhost_list; v; v = v->vhost_next) {
    SSL_CTX* const contexts[] = {v->tls.ssl_client_ctx, v->tls.ssl_ctx};

    for (size_t n = 0; n < LWS_ARRAY_SIZE(contexts); n++)
      if (contexts[n]) SSL_CTX_set_keylog_callback(contexts[n], on ? on_key : NULL);
  }
}
