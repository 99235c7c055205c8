/* What the event loop and the resolver need of lws's sockets, and no public API gives. */
#ifndef LWS_SS_NATIVE_LWS_SOCKETS_H_
#define LWS_SS_NATIVE_LWS_SOCKETS_H_

#include <libwebsockets.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The wsi that has the socket, or NULL. */
struct lws* ssi_wsi_of_socket(struct lws_context* cx, lws_sockfd_type fd);

/*
 * A socket for `wsi` that has begun to connect to `address`, without waiting, at the port that
 * `wsi` connects to: 0, or the system's error number.
 */
int ssi_start_connecting(const struct lws* wsi, const struct sockaddr* address,
                         lws_sockfd_type* socket_out);

/* Whether the socket of `wsi` has begun to connect, and is not connected yet. */
int ssi_is_connecting(const struct lws* wsi);

/* The error number that is pending at a socket, 0 for none. */
int ssi_socket_error(lws_sockfd_type fd);

void ssi_close_socket(lws_sockfd_type fd);

/* Lets the peer know that no more will come. Whether the connection is still there. */
int ssi_end_sending(lws_sockfd_type fd);

/*
 * Throws away some of what has come, and adds its length to `bytes`. Whether more may come: 0 when
 * the peer has ended its side, or the connection is lost.
 */
int ssi_discard(lws_sockfd_type fd, size_t* bytes);

/* How long one address may take to answer. */
uint64_t ssi_connect_limit_ms(const struct lws* wsi);

/* Notes for `perf` that the name is resolved, and how; the time to connect begins here. */
void ssi_note_addresses(struct lws* wsi, const struct addrinfo* found);

/* Ends the connection, which can do no more, when the loop next goes round. */
void ssi_lose_connection(struct lws_context* cx, lws_sockfd_type fd);

/* Lets the peer know at once what has arrived, if it has more to say: acknowledgements of MQTT. */
void ssi_acknowledge_now(struct lws_context* cx, lws_sockfd_type fd);

/* Whether TLS has bytes of the socket already, and they may be read. */
int ssi_has_read_ahead(struct lws_context* cx, lws_sockfd_type fd);

/* Services each wsi that has work to do that no event of its socket announces. */
void ssi_service_forced(struct lws_context* cx);

/* Runs the timers of lws that are due. */
void ssi_service_timers(struct lws_context* cx);

#ifdef __cplusplus
}
#endif
#endif
