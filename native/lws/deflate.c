/* Compresses messages of ws with the zlib that the process has: permessage-deflate (RFC 7692). */
#include "lws/deflate.h"

#include <ctype.h>
#include <uv.h>
#include <zlib.h>

#include "private-lib-core.h"

/* As lws's own extension has it for servers. */
#define LEVEL 1
#define MEMORY_LEVEL 8
/* zlib makes no raw deflate for the smallest window, of 256 bytes. */
#define LEAST_BITS 9
#define MOST_BITS 15

static struct {
  int (*deflate_init)(z_stream*, int, int, int, int, int, const char*, int);
  int (*deflate)(z_stream*, int);
  int (*deflate_end)(z_stream*);
  unsigned long (*deflate_bound)(z_stream*, unsigned long);
  int (*inflate_init)(z_stream*, int, const char*, int);
  int (*inflate)(z_stream*, int);
  int (*inflate_reset)(z_stream*);
  int (*inflate_end)(z_stream*);
} zlib;

static uv_once_t once = UV_ONCE_INIT;
static int is_there;

/* Node has zlib under names of its own, or is linked with the system's. */
static int find(uv_lib_t* lib, const char* name, void** found) {
  char own[64];

  lws_snprintf(own, sizeof(own), "Cr_z_%s", name);
  return !uv_dlsym(lib, own, found) || !uv_dlsym(lib, name, found);
}

static void look(void) {
  uv_lib_t lib;

  if (uv_dlopen(NULL, &lib)) return;
  is_there = find(&lib, "deflateInit2_", (void**)&zlib.deflate_init) &&
             find(&lib, "deflate", (void**)&zlib.deflate) &&
             find(&lib, "deflateEnd", (void**)&zlib.deflate_end) &&
             find(&lib, "deflateBound", (void**)&zlib.deflate_bound) &&
             find(&lib, "inflateInit2_", (void**)&zlib.inflate_init) &&
             find(&lib, "inflate", (void**)&zlib.inflate) &&
             find(&lib, "inflateReset", (void**)&zlib.inflate_reset) &&
             find(&lib, "inflateEnd", (void**)&zlib.inflate_end);
}

int deflate_is_there(void) {
  uv_once(&once, look);
  return is_there;
}

/* What one side of a connection has agreed to, and has taken memory for once it is used. */
struct side {
  z_stream stream;
  int is_begun;
  int forgets;
  int bits;
};

struct lws_ws_deflate {
  struct side rx;
  struct side tx;
};

static int is_token(char c) { return isalnum((uint8_t)c) || (c && strchr("!#$%&'*+-.^_`|~", c)); }

static void skip_spaces(const char** at) {
  while (**at == ' ' || **at == '\t') (*at)++;
}

/* Moves on behind a token; its length. */
static size_t take_token(const char** at) {
  const char* begin = *at;

  while (is_token(**at)) (*at)++;
  return (size_t)(*at - begin);
}

static int is_word(const char* at, size_t length, const char* word) {
  return strlen(word) == length && !strncasecmp(at, word, length);
}

/* The number that follows, maybe in quotes; 0 without one, -1 for what is none of a window. */
static int take_bits(const char** at) {
  int is_quoted, bits;

  skip_spaces(at);
  if (**at != '=') return 0;
  (*at)++;
  skip_spaces(at);
  is_quoted = **at == '"';
  if (is_quoted) (*at)++;
  if (!isdigit((uint8_t) * *at) || **at == '0') return -1;
  for (bits = 0; isdigit((uint8_t) * *at) && bits < 100; (*at)++) bits = bits * 10 + (**at - '0');
  if (is_quoted && *(*at)++ != '"') return -1;
  return bits >= 8 && bits <= MOST_BITS ? bits : -1;
}

/* What the parameters of an offer, or of an answer, say. Of windows: 0 when there is nothing of
 * one, NO_NUMBER when there is no number. */
struct terms {
  int server_forgets;
  int client_forgets;
  int server_bits;
  int client_bits;
};

#define NO_NUMBER 100

/* One parameter; whether there is such. */
static int take_parameter(const char** at, struct terms* terms) {
  static const char* const names[] = {"server_no_context_takeover", "client_no_context_takeover",
                                      "server_max_window_bits", "client_max_window_bits"};
  int* const values[] = {&terms->server_forgets, &terms->client_forgets, &terms->server_bits,
                         &terms->client_bits};
  const char* name = *at;
  size_t length = take_token(at);
  unsigned int n;
  int bits;

  for (n = 0; n < LWS_ARRAY_SIZE(names) && !is_word(name, length, names[n]);) n++;
  if (n == LWS_ARRAY_SIZE(names) || *values[n]) return 0;
  bits = take_bits(at);
  *values[n] = n < 2 ? 1 : bits ? bits : NO_NUMBER;
  return n < 2 ? !bits : bits >= 0;
}

/* One extension of a list, behind which *at is then; whether it is permessage-deflate, and all of
 * it is understood. */
static int take_terms(const char** at, struct terms* terms) {
  const char* name;
  int is_good;

  memset(terms, 0, sizeof(*terms));
  skip_spaces(at);
  name = *at;
  is_good = is_word(name, take_token(at), "permessage-deflate");
  for (skip_spaces(at); is_good && **at == ';'; skip_spaces(at)) {
    (*at)++;
    skip_spaces(at);
    is_good = take_parameter(at, terms);
  }
  is_good = is_good && (!**at || **at == ',');
  while (**at && **at != ',') (*at)++;
  return is_good;
}

/* An offer that a server can take. The largest window takes whatever a client has made with a
 * smaller one. */
static int is_possible(const struct terms* terms) {
  return !terms->server_bits ||
         (terms->server_bits >= LEAST_BITS && terms->server_bits <= MOST_BITS);
}

struct lws_ws_deflate* lws_ws_deflate_accept(const char* offers, char* answer, size_t size) {
  struct lws_ws_deflate* d;
  struct terms terms;
  char bits[40] = "";

  while (!take_terms(&offers, &terms) || !is_possible(&terms))
    if (!*offers++) return NULL;
  d = lws_zalloc(sizeof(*d), __func__);
  if (!d) return NULL;
  d->tx.forgets = terms.server_forgets;
  d->tx.bits = terms.server_bits;
  d->rx.forgets = terms.client_forgets;
  if (d->tx.bits) lws_snprintf(bits, sizeof(bits), "; server_max_window_bits=%d", d->tx.bits);
  lws_snprintf(answer, size, "permessage-deflate%s%s%s",
               d->tx.forgets ? "; server_no_context_takeover" : "",
               d->rx.forgets ? "; client_no_context_takeover" : "", bits);
  return d;
}

size_t lws_ws_deflate_offer(const lws_ss_ws_deflate_t* wish, char* offer, size_t size) {
  char server[32] = "", client[8] = "";

  if (wish->server_bits)
    lws_snprintf(server, sizeof(server), "; server_max_window_bits=%d", wish->server_bits);
  if (wish->client_bits < MOST_BITS) lws_snprintf(client, sizeof(client), "=%d", wish->client_bits);
  return (size_t)lws_snprintf(offer, size, "permessage-deflate%s%s%s; client_max_window_bits%s",
                              wish->server_forgets ? "; server_no_context_takeover" : "",
                              wish->client_forgets ? "; client_no_context_takeover" : "", server,
                              client);
}

struct lws_ws_deflate* lws_ws_deflate_agree(const lws_ss_ws_deflate_t* wish, const char* answer,
                                            const char** why) {
  struct lws_ws_deflate* d;
  struct terms terms;

  *why = "HS: EXT: unknown ext";
  if (!take_terms(&answer, &terms) || *answer) return NULL;
  *why = "HS: EXT: a window larger than offered";
  /* The largest window takes whatever a smaller one has made. */
  if (terms.server_bits > (wish->server_bits ? wish->server_bits : MOST_BITS) ||
      terms.client_bits > wish->client_bits)
    return NULL;
  *why = "HS: OOM";
  d = lws_zalloc(sizeof(*d), __func__);
  if (!d) return NULL;
  d->rx.forgets = terms.server_forgets;
  d->tx.forgets = terms.client_forgets || wish->client_forgets;
  d->tx.bits = terms.client_bits ? terms.client_bits : wish->client_bits;
  return d;
}

int lws_ws_deflates(const struct lws_ws_deflate* d) {
  return !d->tx.bits || d->tx.bits >= LEAST_BITS;
}

static void end_rx(struct side* rx) {
  if (rx->is_begun) zlib.inflate_end(&rx->stream);
  rx->is_begun = 0;
}

static void end_tx(struct side* tx) {
  if (tx->is_begun) zlib.deflate_end(&tx->stream);
  tx->is_begun = 0;
}

void lws_ws_deflate_destroy(struct lws_ws_deflate** d) {
  if (!*d) return;
  end_rx(&(*d)->rx);
  end_tx(&(*d)->tx);
  lws_free_set_NULL(*d);
}

static int begin_rx(struct side* rx) {
  if (rx->is_begun) return 1;
  memset(&rx->stream, 0, sizeof(rx->stream));
  rx->is_begun =
      zlib.inflate_init(&rx->stream, -MOST_BITS, ZLIB_VERSION, (int)sizeof(z_stream)) == Z_OK;
  return rx->is_begun;
}

static int begin_tx(struct side* tx) {
  if (tx->is_begun) return 1;
  memset(&tx->stream, 0, sizeof(tx->stream));
  tx->is_begun = zlib.deflate_init(&tx->stream, LEVEL, Z_DEFLATED,
                                   -(tx->bits ? tx->bits : MOST_BITS), MEMORY_LEVEL,
                                   Z_DEFAULT_STRATEGY, ZLIB_VERSION, (int)sizeof(z_stream)) == Z_OK;
  return tx->is_begun;
}

int lws_ws_inflate(struct lws_ws_deflate* d, uint8_t* in, size_t length, int is_end,
                   lws_ws_inflated_cb take, void* opaque) {
  /* What a sender leaves out at the end of a message. */
  static uint8_t tail[] = {0, 0, 0xff, 0xff};
  uint8_t out[16384];
  z_stream* z = &d->rx.stream;
  int tail_is_due = is_end, taken;

  if (!begin_rx(&d->rx)) return LWS_WS_NOT_DEFLATED;
  z->next_in = in;
  z->avail_in = (uInt)length;
  z->next_out = out;
  z->avail_out = sizeof(out);
  for (;;) {
    const int result = zlib.inflate(z, Z_SYNC_FLUSH);

    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
      return LWS_WS_NOT_DEFLATED;
    /* A block may say that it is the last, and others follow. */
    if (result == Z_STREAM_END && zlib.inflate_reset(z) != Z_OK) return LWS_WS_NOT_DEFLATED;
    if (!z->avail_out) {
      taken = take(opaque, out, sizeof(out), 0);
      if (taken) return taken;
      z->next_out = out;
      z->avail_out = sizeof(out);
    } else if (z->avail_in) {
      if (result == Z_BUF_ERROR) return LWS_WS_NOT_DEFLATED;
    } else if (tail_is_due) {
      tail_is_due = 0;
      z->next_in = tail;
      z->avail_in = sizeof(tail);
    } else {
      break;
    }
  }
  taken = take(opaque, out, sizeof(out) - z->avail_out, is_end);
  if (is_end && d->rx.forgets) end_rx(&d->rx);
  return taken;
}

int lws_ws_deflate(struct lws_ws_deflate* d, uint8_t* in, size_t length, int is_end, uint8_t** out,
                   size_t* out_length) {
  z_stream* z = &d->tx.stream;
  size_t room;
  uint8_t* made;
  int result;

  if (!begin_tx(&d->tx)) return 1;
  /* And the empty block behind it, and what an earlier one has left. */
  room = zlib.deflate_bound(z, length) + 64;
  made = lws_malloc(LWS_PRE + room, __func__);
  if (!made) return 1;
  z->next_in = in;
  z->avail_in = (uInt)length;
  z->next_out = made + LWS_PRE;
  z->avail_out = (uInt)room;
  result = zlib.deflate(z, Z_SYNC_FLUSH);
  /* It is no failure that there is nothing new since the last flush. */
  if ((result != Z_OK && result != Z_BUF_ERROR) || z->avail_in || !z->avail_out) {
    lws_free(made);
    return 1;
  }
  *out = made;
  *out_length = room - z->avail_out;
  if (is_end) {
    if (*out_length >= 4) {
      *out_length -= 4;
    } else {
      /* RFC 7692 7.2.3.6: an empty block, without its tail */
      made[LWS_PRE] = 0;
      *out_length = 1;
    }
    if (d->tx.forgets) end_tx(&d->tx);
  }
  return 0;
}
