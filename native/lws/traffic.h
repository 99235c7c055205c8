/* What connections say, without TLS, and with whom. */
#ifndef LWS_SS_NATIVE_LWS_TRAFFIC_H_
#define LWS_SS_NATIVE_LWS_TRAFFIC_H_

#include <libwebsockets.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a connection is protected; the texts live as long as it does, and are "" without TLS. */
struct ssi_protection {
  const char *version, *cipher;
  const unsigned char* alpn;
  unsigned int alpn_length;
  /* What the other end has shown, as DER, to be freed by ssi_free_protection(). */
  unsigned char* certificate;
  int certificate_length;
};

void ssi_protection_of(struct lws* wsi, struct ssi_protection* protection);
void ssi_free_protection(struct ssi_protection* protection);

#ifdef __cplusplus
}
#endif
#endif
