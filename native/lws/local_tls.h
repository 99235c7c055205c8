/* What a link and a context know of TLS. */
#ifndef LWS_SS_NATIVE_LWS_LOCAL_TLS_H_
#define LWS_SS_NATIVE_LWS_LOCAL_TLS_H_

#include "lws/link.h"

#ifdef __cplusplus
extern "C" {
#endif

void local_peer_certificate(const struct ss_link* link, ss_link_bytes_cb certificate, void* opaque);
int local_tls(const struct ss_link* link, struct ss_link_tls* tls);

/* Has ssi_on_key_line() called with the secrets of connections that are made from now on, by all
 * vhosts that there are; or not any more. */
void ssi_log_keys(struct lws_context* cx, int on);
/* To be defined elsewhere: a line of the form of SSLKEYLOGFILE, without its end. */
void ssi_on_key_line(struct lws_context* cx, const char* line);

#ifdef __cplusplus
}
#endif
#endif
