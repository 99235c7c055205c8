/*
 * A link: all that can be done with a stream of lws, as a table of functions. local_link.c has the
 * functions for streams that lws fulfils itself: clients, listeners and accepted streams.
 */
#ifndef LWS_SS_NATIVE_LWS_LINK_H_
#define LWS_SS_NATIVE_LWS_LINK_H_

#include <libwebsockets.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ss_link;

enum ss_link_phase {
  SS_LINK_IDLE,
  /* A timer of lws makes the next attempt. */
  SS_LINK_WAITS,
  /* There is a connection, or one is being made. */
  SS_LINK_BUSY
};

/* The MQTT settings of the stream differ from those in the CONNECT of the client's connection. */
#define SS_LINK_SETTINGS_DIFFER 1
/* The server may have what was sent, which therefore is not sent again. */
#define SS_LINK_NOT_REPEATED 2

/* Why the last connection, or the last attempt to make one, ended. */
struct ss_link_failure {
  /* In lws's words; "" when it did not say. */
  const char* reason;
  /* host:port, or the path of a socket; NULL when that could not be made up. */
  const char* endpoint;
  /* What the words are about: an errno, a status, OpenSSL's or the peer's code, or 0. */
  uint32_t number;
  /* How many have failed in a row, this one included. */
  uint32_t attempts;
  /* One of the above, the code in the CLOSE frame of ws, which is 1000 at least, or 0. */
  uint16_t code;
};

/* What an HTTP response says besides its headers and payload. */
struct ss_link_answer {
  unsigned int status;
  /* The policy takes it for success. */
  int is_good;
  int is_redirected;
  /* A 429 or 503, after which lws tries again. */
  int is_refusal;
};

/* What a server was asked for. */
struct ss_link_request {
  const char *method, *target;
  int has_body;
};

enum ss_link_responded {
  /* Nobody waits for it. */
  SS_LINK_NO_TRANSACTION,
  /* The head is all of it. */
  SS_LINK_NO_BODY,
  SS_LINK_BODY
};

struct ss_link_bytes {
  const unsigned char* data;
  size_t length;
};

struct ss_link_tls {
  const char* version;
  /* The protocol by ALPN, empty when there is none. */
  struct ss_link_bytes alpn;
};

/* How a message of MQTT was published. */
struct ss_link_publish {
  struct ss_link_bytes topic;
  unsigned int qos;
  int is_retained;
};

/* What a listener shows in TLS, as DER, its own certificate first, and what it asks of clients. */
struct ss_link_identity {
  const struct ss_link_bytes* chain;
  size_t chain_count;
  struct ss_link_bytes key;
  /* Who vouches for clients; none: clients are not asked for a certificate. */
  const struct ss_link_bytes* authorities;
  size_t authority_count;
  /* Whoever shows none that is vouched for is refused. */
  int refuses_strangers;
};

#define SS_LINK_NO_LENGTH UINT64_MAX
/* HTTP: there is a body, whose end comes when it comes. */
#define SS_LINK_OPEN_LENGTH (UINT64_MAX - 1)

typedef void (*ss_link_bytes_cb)(struct ss_link_bytes bytes, void* opaque);
typedef void (*ss_link_name_cb)(const char* name, int length, void* opaque);
typedef void (*ss_link_field_cb)(const char* name, size_t name_length, const char* value,
                                 size_t value_length, void* opaque);

struct ss_link_ops {
  void (*destroy)(struct ss_link* link);
  /* Connects, without regard to earlier failures, or to the time of the next attempt. */
  lws_ss_state_return_t (*connect)(struct ss_link* link);
  /* lws_ss_request_tx(), or with a length lws_ss_request_tx_len(). */
  lws_ss_state_return_t (*request)(struct ss_link* link, uint64_t length);
  /* Closes the connection, or ends the attempt to have one. Only a nailed_up stream goes on. */
  void (*disconnect)(struct ss_link* link);
  /* Of a connection: ends it in the words of its protocol, on ws with `code` and `reason`, and
   * waits for the peer to do so, too. False where nothing is to be said, or waited for: then it is
   * for disconnect() to end it. */
  int (*close)(struct ss_link* link, uint16_t code, struct ss_link_bytes reason);
  /* raw: says that nothing more is sent, and reads on. False when that cannot be said. */
  int (*end_sending)(struct ss_link* link);
  enum ss_link_phase (*phase)(const struct ss_link* link);
  /* Has a stream whose attempt or connection is over be one that can connect again. */
  void (*become_idle)(struct ss_link* link);
  /* Waits for the next attempt as the policy says, or gives up. */
  lws_ss_state_return_t (*back_off)(struct ss_link* link);
  /* Of a stream that waits: milliseconds until its next attempt. */
  uint64_t (*wait)(const struct ss_link* link);
  /* How many attempts have failed in a row. */
  uint16_t (*failures)(const struct ss_link* link);
  void (*set_failures)(struct ss_link* link, uint16_t count);
  struct ss_link_failure (*failure)(const struct ss_link* link);
  /* HTTP, after SS_LINK_NOT_REPEATED: the policy's retries are for another request. */
  void (*allow_retries)(struct ss_link* link);
  /* Whether what was written still waits for its socket; or, without a connection, whether the
   * last one took such with it. */
  int (*has_unsent)(const struct ss_link* link);
  void (*set_reading)(struct ss_link* link, int on);
  /* lws_ss_start_timeout() and lws_ss_cancel_timeout(). */
  void (*start_timeout)(struct ss_link* link, unsigned int ms);
  void (*cancel_timeout)(struct ss_link* link);
  /* lws_ss_add_peer_tx_credit() and lws_ss_get_est_peer_tx_credit(). */
  void (*add_peer_credit)(struct ss_link* link, int32_t bytes);
  int (*peer_credit)(const struct ss_link* link);

  /* Removes the stream's values of metadata; those that an answer set, only with `answer`. Whether
   * the policy has a use for any. */
  int (*forget_metadata)(struct ss_link* link, int answer);
  /* Sets a value, of which lws keeps both pointers; without one, removes it. Has no effect when the
   * policy does not use it; nor, with a value, when an answer has set it. */
  void (*set_metadata)(struct ss_link* link, const char* name, const void* value, size_t length);
  /* Whether it has a value, which lives until it is set again. */
  int (*get_metadata)(const struct ss_link* link, const char* name, const void** value,
                      size_t* length);
  /* The policy of a stream without a connection; `metadata` has room for what it declares. Values
   * keep their names. */
  void (*follow_policy)(struct ss_link* link, const lws_ss_policy_t* policy,
                        lws_ss_metadata_t* metadata);

  /* HTTP: of the response that the stream has. */
  struct ss_link_answer (*answer)(const struct ss_link* link);
  /* Writes the URL that it is from; returns its length. */
  size_t (*answer_url)(const struct ss_link* link, char* url, size_t size);
  /* Has lws give the body of the last 429 or 503 to rx, between UNREACHABLE and
   * ALL_RETRIES_FAILED. */
  void (*want_refusal)(struct ss_link* link);
  /* Calls `name` for each value of metadata that it has set, and, with direct_proto_str, for each
   * of its headers, whose colon belongs to the name. */
  void (*each_answered)(const struct ss_link* link, ss_link_name_cb name, void* opaque);
  /* Calls `field` for each of its headers, as often as it came, or for each of its trailers once
   * they are there; `name` has no colon. */
  void (*each_field)(const struct ss_link* link, ss_link_field_cb field, void* opaque);
  int (*has_trailers)(const struct ss_link* link);
  /* HTTP: whether a request has been made whose body has not been sent yet, or not all of it. */
  int (*has_body_pending)(const struct ss_link* link);
  /* HTTP: whether something of the body has gone that nobody can give again. If so, nothing is
   * repeated that would need it. */
  void (*set_body_once)(struct ss_link* link, int is_gone);
  /* HTTP: lws_ss_server_ack(). */
  void (*server_ack)(struct ss_link* link, int status);
  /* Of the request that a server has. */
  struct ss_link_request (*request_head)(const struct ss_link* link);
  /* lws_ss_server_respond(). */
  enum ss_link_responded (*respond)(struct ss_link* link, unsigned int status, const char* fields,
                                    size_t length, uint64_t body);

  /* The streamtype that payload is sent as, and whether another follows in this transaction. */
  const char* (*rideshare)(const struct ss_link* link);
  int (*has_next_ride)(const struct ss_link* link);

  /* MQTT: the packet id of the message that the tx of that ordinal ended, and which is not
   * acknowledged; without an ordinal, of the message that is being sent; 0 for none. lws has them
   * up to DISCONNECTED. */
  uint16_t (*packet_id)(const struct ss_link* link, const lws_ss_tx_ordinal_t* ordinal);
  /* MQTT, for tx: the message that it begins was sent before, with this packet id. */
  void (*send_again)(struct ss_link* link, uint16_t packet_id);
  /* MQTT's QoS 2, like packet_id: whether the broker has received what has that id. */
  int (*is_received)(const struct ss_link* link, uint16_t packet_id);
  /* At the end of a connection: what has that id will be sent again, or released, on the next. */
  void (*keep_packet_id)(struct ss_link* link, uint16_t packet_id);
  /* Whether the broker has kept the session, and with it what it has received. */
  int (*has_session)(const struct ss_link* link);
  /* For tx: releases what the broker has received on an earlier connection; the acknowledgement has
   * this ordinal. False when that cannot be done. */
  int (*release)(struct ss_link* link, uint16_t packet_id, lws_ss_tx_ordinal_t ordinal);
  /* MQTT, for rx: how the message was published that it is given; false elsewhere. */
  int (*published)(const struct ss_link* link, struct ss_link_publish* publish);
  /* ws: of the frame that is arriving, how much is not yet there. */
  size_t (*rest_of_frame)(const struct ss_link* link);

  /* Of a listener, or of what is bound to one: the port that it has, 0 for none. */
  int (*listen_port)(const struct ss_link* link);
  /* Whether it has a socket of that number, from 0, whose address is written then. */
  int (*listen_address)(const struct ss_link* link, int nth, struct sockaddr_storage* address);
  /* Accepts those who have connected, and nobody any more; its address is free, and connections of
   * h2 end with the streams that they have. Not to be called while it accepts. Of what it has
   * accepted: ends a connection of h1 behind the response to the request that is there, and one of
   * h2 with the streams that it has. */
  void (*stop_listening)(struct ss_link* link);
  /* Whether it was accepted and is no stream of a client's, but the connection that those of h2
   * share. */
  int (*carries_streams)(const struct ss_link* link);
  /* Has this from the next connection on. Returns why that cannot be, and then nothing has changed;
   * NULL otherwise. */
  const char* (*use_identity)(struct ss_link* link, const struct ss_link_identity* identity);
  /* Whether there is a connection, the address of whose other end is written then. */
  int (*peer)(const struct ss_link* link, struct sockaddr_storage* address);
  /* Calls `certificate` with what the other end has shown in TLS, as DER, if it was verified. */
  void (*peer_certificate)(const struct ss_link* link, ss_link_bytes_cb certificate, void* opaque);
  /* What the two ends have agreed on in TLS; false without it, or as long as they have not. */
  int (*tls)(const struct ss_link* link, struct ss_link_tls* tls);

  const char* (*tag)(const struct ss_link* link);

  /* Have the memory that sending needs brought into the cache, in three steps, since each follows
   * pointers that the one before has fetched. The last returns the socket. */
  void (*prefetch)(const struct ss_link* link);
  void (*prefetch_connection)(const struct ss_link* link);
  lws_sockfd_type (*prefetch_framing)(const struct ss_link* link);
};

/* What lws calls. rx and tx have lws's own signature: ss_link_of() is whom their `user` stands for.
 */
struct ss_link_calls {
  lws_sscb_rx rx;
  lws_sscb_tx tx;
  lws_ss_state_return_t (*state)(struct ss_link* link, lws_ss_constate_t state,
                                 lws_ss_tx_ordinal_t ordinal);
  /* The link for a connection that `listener` has accepted; NULL refuses it. */
  struct ss_link* (*accept)(struct ss_link* listener);
};

/* One stream in lws, as its owner has it: SsStream::Link derives from this. */
struct ss_link {
  const struct ss_link_ops* ops;
  const struct ss_link_calls* calls;
  /* NULL before the stream is made, and from DESTROYING on. */
  void* handle;
};

/* What lws keeps for its caller. */
struct ss_link_user {
  void* handle;
  struct ss_link* link;
};

static inline struct ss_link* ss_link_of(const void* user) {
  return ((const struct ss_link_user*)user)->link;
}

/* What a listener bears of its clients; 0 for whatever they like. */
struct ss_link_limits {
  uint32_t head_bytes, head_ms, request_ms, keepalive_ms;
  /* Of the body of a request, and of a message of ws. */
  uint64_t body_bytes, message_bytes;
  /* Streams of a connection of h2, and connections, at once. */
  uint32_t streams, connections;
  /* Takes offers of permessage-deflate. */
  int deflates;
};

struct ss_link_info {
  const char* streamtype;
  int initial_peer_credit;
  /* Leaves a nailed_up stream idle. */
  int connects_later;
  /* A server may listen on a port together with others. */
  int shares_port;
  /* Of a server. */
  const struct ss_link_limits* limits;
  /* Of a client on ws, or NULL; is there as long as the stream is. */
  const lws_ss_ws_deflate_t* deflate;
};

/* Makes a stream that lws fulfils itself, which begins its states. Whether it is there. */
int local_link_create(struct lws_context* cx, struct ss_link* link,
                      const struct ss_link_info* info);
/* Why the server that was not made cannot listen, as libuv numbers it, but
 * positive; 0 for another reason.
 */
int local_link_listen_error(const struct lws_context* cx);
/* Makes the vhosts of lws's vhost JSON, for servers to be bound to; nonzero when it could not. */
int local_make_vhosts(struct lws_context* cx, const char* json, size_t length);

#ifdef __cplusplus
}
#endif
#endif
