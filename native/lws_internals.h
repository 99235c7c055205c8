/*
 * What the addon needs of libwebsockets and no public API gives. Everything that looks inside an
 * lws object is here and in lws_internals.c.
 */
#ifndef LWS_SS_NATIVE_LWS_INTERNALS_H_
#define LWS_SS_NATIVE_LWS_INTERNALS_H_

#include <libwebsockets.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws* ssi_wsi(struct lws_ss_handle* h);

/* An explicit connection attempt: forgets earlier failures and does not wait for a retry's time. */
lws_ss_state_return_t ssi_connect(struct lws_ss_handle* h);
void ssi_forget_failures(struct lws_ss_handle* h);

/* Closes the connection, or ends the attempt to have one; leaves the stream idle unless nailed_up.
 */
void ssi_disconnect(struct lws_ss_handle* h);

/* What the peer's response headers said, as the policy judges them: nonzero is success. */
int ssi_good_response(struct lws_ss_handle* h);

/* Why the last connection attempt failed, "" when lws did not say. */
const char* ssi_connection_failure(struct lws_ss_handle* h);

/* Services whatever waits for a turn without waiting for its socket. */
void ssi_service_forced(struct lws_context* cx);

#ifdef __cplusplus
}
#endif
#endif
