/*
 * What the addon needs of libwebsockets and no public API gives. Everything that looks inside an
 * lws object is here, in lws_internals.c, and for policies in policy_internals.c.
 */
#ifndef LWS_SS_NATIVE_LWS_INTERNALS_H_
#define LWS_SS_NATIVE_LWS_INTERNALS_H_

#include <libwebsockets.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws* ssi_wsi(struct lws_ss_handle* h);

/*
 * Has what is needed to send brought into the cache: of the handle; of its connection, when the
 * handle is there; of the connection's framing, when that is.
 */
void ssi_prefetch_handle(const struct lws_ss_handle* h);
void ssi_prefetch_connection(const struct lws_ss_handle* h);
void ssi_prefetch_framing(const struct lws_ss_handle* h);

/* Whose the socket is; NULL when it is nobody's. */
struct lws* ssi_wsi_of_socket(struct lws_context* cx, lws_sockfd_type fd);

/*
 * A socket for `wsi` that has begun to connect to `address`, without waiting, at the port that
 * `wsi` connects to: 0, or the system's error number.
 */
int ssi_start_connecting(const struct lws* wsi, const struct sockaddr* address,
                         lws_sockfd_type* socket_out);

/* The error number that is pending at a socket, 0 for none. */
int ssi_socket_error(lws_sockfd_type fd);

void ssi_close_socket(lws_sockfd_type fd);

/* How long one address may take to answer. */
uint64_t ssi_connect_limit_ms(const struct lws* wsi);

/* Notes for `perf` that the name is resolved, and how; the time to connect begins here. */
void ssi_note_addresses(struct lws* wsi, const struct addrinfo* found);

/* Ends the connection, which can do no more, when the loop next goes round. */
void ssi_lose_connection(struct lws_context* cx, lws_sockfd_type fd);

/* An explicit connection attempt: forgets earlier failures and does not wait for a retry's time. */
lws_ss_state_return_t ssi_connect(struct lws_ss_handle* h);

/* Of the ws frame that is arriving, how much is not yet there. */
size_t ssi_rest_of_frame(const struct lws_ss_handle* h);

/* How many attempts have failed in a row, by which lws_ss_backoff() goes. */
uint16_t ssi_failures(struct lws_ss_handle* h);
void ssi_set_failures(struct lws_ss_handle* h, uint16_t count);

/* The length that lws_ss_request_tx_len() was given: the next transaction is another. */
void ssi_forget_length(struct lws_ss_handle* h);

/* Tells the peer that the end is meant, where the protocol has words for it: ws. */
void ssi_say_goodbye(struct lws_ss_handle* h);

/* Closes the connection, or ends the attempt to have one; leaves the stream idle unless nailed_up.
 */
void ssi_disconnect(struct lws_ss_handle* h);

int ssi_is_nailed_up(struct lws_ss_handle* h);

/* Whether a timer of lws's will make the next attempt. */
int ssi_will_retry(struct lws_ss_handle* h);

/* For a stream without a connection, and none on its way. */
void ssi_become_idle(struct lws_ss_handle* h);

/* The policy's wait before the next attempt; ALL_RETRIES_FAILED when there is none. */
lws_ss_state_return_t ssi_backoff(struct lws_ss_handle* h);

/* What the peer's response headers said, as the policy judges them: nonzero is success. */
int ssi_good_response(struct lws_ss_handle* h);

/* Has lws give the body of the last 429 or 503 to rx, between UNREACHABLE and ALL_RETRIES_FAILED.
 */
void ssi_want_refusal(struct lws_ss_handle* h);

/* Whether the response is such a one. */
int ssi_is_refusal(struct lws_ss_handle* h);

/* The status of the response that the stream has, and whether it came by way of a redirect. */
unsigned int ssi_status(struct lws_ss_handle* h);
int ssi_is_redirected(struct lws_ss_handle* h);

/* Writes the URL that the response is from; returns its length. */
int ssi_url(struct lws_ss_handle* h, char* url, size_t size);

/* Whether the response has trailers, and they have come. */
int ssi_has_trailers(struct lws_ss_handle* h);

/*
 * Calls `field` for each header of the response, as often as it came, or for each of its trailers
 * once they are there; `name` has no colon.
 */
typedef void (*ssi_field_cb)(const char* name, size_t name_length, const char* value,
                             size_t value_length, void* opaque);
void ssi_each_field(struct lws_ss_handle* h, ssi_field_cb field, void* opaque);

/* Whether a request has been made whose body has not been sent yet, or not all of it. */
int ssi_body_pending(struct lws_ss_handle* h);

/* Whether the transaction goes on with payload of another streamtype after this one's. */
int ssi_shares_ride(struct lws_ss_handle* h);

/*
 * MQTT: the packet id of the message that the tx of that ordinal ended, and which is not
 * acknowledged; without an ordinal, of the message that is being sent; 0 for none. lws has them up
 * to DISCONNECTED.
 */
uint16_t ssi_packet_id(struct lws_ss_handle* h, const lws_ss_tx_ordinal_t* ordinal);

/* MQTT, for tx: the message that it begins was sent before, with this packet id. */
void ssi_send_again(struct lws_ss_handle* h, uint16_t packet_id);

/* MQTT, for rx: whether the message that it is given may be lost, since it is of QoS 0. */
int ssi_may_lose_received(struct lws_ss_handle* h);

/* Whether LWSSSCS_QOS_ACK_REMOTE only means that lws has written a message: MQTT's QoS 0. */
int ssi_acknowledges_itself(struct lws_ss_handle* h);

/* Whether the protocol is raw, on which the peer does not say that it accepts a connection. */
int ssi_is_raw(const struct lws_ss_handle* h);

/* Whether what was written still waits for its socket; or, without a connection, whether the last
 * one took such with it. */
int ssi_has_unsent(struct lws_ss_handle* h);

/* Why the last connection attempt failed, "" when lws did not say. */
const char* ssi_connection_failure(struct lws_ss_handle* h);
/* The MQTT settings of the stream differ from those in the CONNECT of the client's connection. */
#define SSI_SETTINGS_DIFFER 1
/* What kind of failure that was: one of the above, the code in the CLOSE frame that ended the last
 * ws connection, which is 1000 at least, or 0. */
uint16_t ssi_failure_code(struct lws_ss_handle* h);
void ssi_forget_connection_failure(struct lws_ss_handle* h);

/* Lets the peer know at once what has arrived, if it has more to say: acknowledgements of MQTT. */
void ssi_acknowledge_now(struct lws_context* cx, lws_sockfd_type fd);

/* Whether the policy has a use for metadata. */
int ssi_takes_metadata(struct lws_ss_handle* h);

/* Removes the stream's values of metadata; those that an answer set, only with `answer`. */
void ssi_forget_metadata(struct lws_ss_handle* h, int answer);

/* lws_ss_set_metadata(), if the policy has a use for it, and no answer has set it. */
void ssi_set_metadata(struct lws_ss_handle* h, const char* name, const void* value, size_t length);

/* Calls `name` for each value of metadata that an answer set. */
typedef void (*ssi_header_name_cb)(const char* name, int length, void* opaque);
void ssi_each_answered(struct lws_ss_handle* h, ssi_header_name_cb name, void* opaque);

/*
 * Calls `name`, whose colon belongs to it, for each header of the response that the stream has;
 * only with direct_proto_str, without which nobody may ask for them.
 */
void ssi_each_header(struct lws_ss_handle* h, ssi_header_name_cb name, void* opaque);

/* Whether TLS has bytes of the socket already, and they may be read. */
int ssi_has_read_ahead(struct lws_context* cx, lws_sockfd_type fd);

/* Services whatever waits for a turn without waiting for its socket. */
void ssi_service_forced(struct lws_context* cx);

/* Does what timers are due for. */
void ssi_service_timers(struct lws_context* cx);

#ifdef __cplusplus
}
#endif
#endif
