/* What is to be told of a connection. */
#include "lws/traffic.h"

#include <openssl/ssl.h>

#include "private-lib-core.h"

void ssi_protection_of(struct lws* wsi, struct ssi_protection* protection) {
  static const struct ssi_protection none = {"", "", (const unsigned char*)"", 0, NULL, 0};
  SSL* ssl = wsi->tls.ssl;
  X509* shown;

  *protection = none;
  if (!ssl) return;
  protection->version = SSL_get_version(ssl);
  protection->cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
  SSL_get0_alpn_selected(ssl, &protection->alpn, &protection->alpn_length);
  shown = SSL_get1_peer_certificate(ssl);
  if (shown) protection->certificate_length = i2d_X509(shown, &protection->certificate);
  X509_free(shown);
}

void ssi_free_protection(struct ssi_protection* protection) {
  OPENSSL_free(protection->certificate);
  protection->certificate = NULL;
}
