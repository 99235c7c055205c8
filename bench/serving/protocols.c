// What the load generator sends, and what the server has to answer.
#include "connection.h"

#include <arpa/inet.h>

const struct protocol* protocol;

static void drop(struct connection* c, size_t length) {
  c->have -= length;
  memmove(c->in, c->in + length, c->have + 1);
}

static int count_copies(struct connection* c, const char* expected, size_t length) {
  size_t at = 0;

  for (; c->have - at >= length; at += length)
    if (memcmp(c->in + at, expected, length)) fail("another message comes back");
  drop(c, at);
  return (int)(at / length);
}

static const char* message(void) {
  static char bytes[MESSAGE_BYTES];

  memset(bytes, 'x', sizeof(bytes));
  return bytes;
}

static void ask_raw(struct connection* c) { put(c, message(), MESSAGE_BYTES); }

static int raw_answers(struct connection* c) { return count_copies(c, message(), MESSAGE_BYTES); }

static void greet_ws(struct connection* c) {
  static const char head[] =
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: bench\r\n\r\n";

  put(c, head, sizeof(head) - 1);
}

static void ask_ws(struct connection* c) {
  char frame[6 + MESSAGE_BYTES] = {(char)0x82, (char)(0x80 | MESSAGE_BYTES), 1, 2, 3, 4};

  for (int n = 0; n < MESSAGE_BYTES; n++) frame[6 + n] = 'x' ^ frame[2 + n % 4];
  put(c, frame, sizeof(frame));
}

static int ws_answers(struct connection* c) {
  char frame[2 + MESSAGE_BYTES] = {(char)0x82, MESSAGE_BYTES};

  memcpy(frame + 2, message(), MESSAGE_BYTES);
  return count_copies(c, frame, sizeof(frame));
}

static void ask_h1(struct connection* c) {
  static const char head[] = "GET /1k HTTP/1.1\r\nHost: localhost\r\n\r\n";

  put(c, head, sizeof(head) - 1);
}

static int h1_answers(struct connection* c) {
  int answers = 0;
  size_t at = 0;
  char* end;

  while ((end = strstr(c->in + at, "\r\n\r\n"))) {
    const size_t head = (size_t)(end - c->in) + 4;

    if (strncmp(c->in + at, "HTTP/1.1 200 ", 13)) fail("another status");
    if (c->have < head + BODY_BYTES) break;
    at = head + BODY_BYTES;
    if (c->in[at - 1] != 'x') fail("another body");
    answers++;
  }
  drop(c, at);
  return answers;
}

enum { H2_DATA, H2_HEADERS, H2_SETTINGS = 4, H2_PING = 6, H2_WINDOW_UPDATE = 8, H2_HEAD = 9 };
enum { H2_ACK = 1, H2_END_STREAM = 1, H2_END_HEADERS = 4 };

static void put_h2(struct connection* c, int type, int flags, uint32_t stream, const void* payload,
                   uint8_t length) {
  char head[H2_HEAD] = {0, 0, (char)length, (char)type, (char)flags};
  const uint32_t id = htonl(stream);

  memcpy(head + 5, &id, 4);
  put(c, head, sizeof(head));
  put(c, payload, length);
}

static void give_window(struct connection* c, uint32_t bytes) {
  const uint32_t in_order = htonl(bytes);

  put_h2(c, H2_WINDOW_UPDATE, 0, 0, &in_order, 4);
}

static void greet_h2(struct connection* c) {
  // No push; the largest window.
  static const char settings[] = {0, 2, 0, 0, 0, 0, 0, 4, 0x7f, (char)0xff, (char)0xff, (char)0xff};

  put(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
  put_h2(c, H2_SETTINGS, 0, 0, settings, sizeof(settings));
  give_window(c, 0x7fffffff - 65535);
  c->stream = (uint32_t)-1;
}

static void ask_h2(struct connection* c) {
  // GET, https, /1k, localhost: as HPACK has it, with none of it in its table.
  static const char fields[] = "\x82\x87\x04\x03/1k\x01\x09localhost";

  c->stream += 2;
  put_h2(c, H2_HEADERS, H2_END_STREAM | H2_END_HEADERS, c->stream, fields, sizeof(fields) - 1);
}

static int h2_answers(struct connection* c) {
  int answers = 0;
  size_t at = 0;

  while (c->have - at >= H2_HEAD) {
    const unsigned char* frame = (unsigned char*)c->in + at;
    const uint32_t length = (uint32_t)(frame[0] << 16 | frame[1] << 8 | frame[2]);
    const int type = frame[3], flags = frame[4];

    if (c->have - at < H2_HEAD + length) break;
    at += H2_HEAD + length;
    if (type == H2_DATA) {
      c->taken += length;
      answers += flags & H2_END_STREAM;
    } else if (type == H2_HEADERS) {
      if (flags & H2_END_STREAM) fail("an answer without a body");
    } else if (type == H2_SETTINGS || type == H2_PING) {
      if (!(flags & H2_ACK))
        put_h2(c, type, H2_ACK, 0, frame + H2_HEAD, type == H2_PING ? (uint8_t)length : 0);
    } else if (type != H2_WINDOW_UPDATE) {
      fail("a stream or the connection ends");
    }
  }
  drop(c, at);
  if (c->taken > 0x3fffffff) {
    give_window(c, c->taken);
    c->taken = 0;
  }
  return answers;
}

static const struct protocol protocols[] = {
    {"raw", NULL, NULL, 0, ask_raw, raw_answers},
    {"ws", NULL, greet_ws, 1, ask_ws, ws_answers},
    {"ws-broadcast", NULL, greet_ws, 1, ask_ws, ws_answers},
    {"h1", NULL, NULL, 0, ask_h1, h1_answers},
    {"h1-tls", "\x08http/1.1", NULL, 0, ask_h1, h1_answers},
    {"h2-tls", "\x02h2", greet_h2, 0, ask_h2, h2_answers},
};

void choose_protocol(const char* name) {
  for (size_t n = 0; n < sizeof(protocols) / sizeof(*protocols); n++)
    if (!strcmp(protocols[n].name, name)) protocol = &protocols[n];
  if (!protocol) fail("there is no such protocol");
}
