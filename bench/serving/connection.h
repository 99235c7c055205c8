// A connection of the load generator, and what the protocols do with it.
#ifndef LWS_SS_BENCH_SERVING_CONNECTION_H_
#define LWS_SS_BENCH_SERVING_CONNECTION_H_

#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES 64
#define BODY_BYTES 1024

struct connection {
  int socket;
  SSL* ssl;
  size_t have, to_send;
  // The last read left nothing behind.
  int is_drained;
  // Of h2: the last stream, and what the window was not given back for.
  uint32_t stream, taken;
  char in[32 * 1024];
  char out[16 * 1024];
};

struct protocol {
  const char* name;
  // What ALPN offers with TLS, with its length before it.
  const char* alpn;
  // Says what comes before the first operation, which the server has to answer with a head when
  // `is_upgrade`.
  void (*greet)(struct connection* c);
  int is_upgrade;
  // Begins an operation.
  void (*ask)(struct connection* c);
  // Takes what has come, and counts the operations that it completes.
  int (*answers)(struct connection* c);
};

extern const struct protocol* protocol;

void fail(const char* why);
void choose_protocol(const char* name);
void open_connection(struct connection* c, int port);
// Waits until it is open.
void await_upgrade(struct connection* c);
// Whether something came.
int receive(struct connection* c);
void send_out(struct connection* c);
void put(struct connection* c, const void* bytes, size_t length);

#endif
