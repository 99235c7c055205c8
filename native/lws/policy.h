/*
 * What lws makes of a policy's JSON, kept apart from the context that it was made for. lws itself
 * has one policy, and destroys every stream when it gets another.
 */
#ifndef LWS_SS_NATIVE_LWS_POLICY_H_
#define LWS_SS_NATIVE_LWS_POLICY_H_

#include <libwebsockets.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ssi_policy {
  struct lwsac* memory;
  const lws_ss_policy_t* streamtypes;
  /* Certificates and keys of servers. */
  lws_ss_x509_t* server_certs;
};

/* Takes the policy over from the context, which goes on using it. */
void ssi_policy_take(struct lws_context* cx, struct ssi_policy* into);

/* Makes the context use the policy of `json`; nonzero, and nothing has changed, when it cannot. */
int ssi_policy_replace(struct lws_context* cx, const char* json, size_t length,
                       struct ssi_policy* into);

/* The context may be gone; no stream may have it, and the context must not use it. */
void ssi_policy_free(struct ssi_policy* policy);

typedef const lws_retry_bo_t* (*ssi_retry_keeper)(void* opaque, const lws_retry_bo_t* retry);

/* Connections outlive the streams that made them, and refer to the retry scheme. */
void ssi_policy_keep_retries(struct ssi_policy* policy, ssi_retry_keeper keep, void* opaque);

/* The streamtype whose payload follows in the body of `streamtype`. */
void ssi_policy_share_ride(const lws_ss_policy_t* streamtype, const lws_ss_policy_t* rideshare);

/* The trust store of a client's streamtype, "" when it has none. */
const char* ssi_policy_trust_store(const lws_ss_policy_t* streamtype);

/* Destroys the vhosts of trust stores that nobody wants any more. */
void ssi_trust_stores_sweep(struct lws_context* cx,
                            int (*is_wanted)(void* opaque, const char* trust_store), void* opaque);

/* No connection that there is takes on another stream. */
void ssi_share_no_connections(struct lws_context* cx);

#ifdef __cplusplus
}
#endif
#endif
