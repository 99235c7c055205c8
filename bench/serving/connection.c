// Sockets of the load generator, with TLS where the protocol wants it.
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

void fail(const char* why) {
  fprintf(stderr, "load: %s (%s)\n", why, strerror(errno));
  ERR_print_errors_fp(stderr);
  exit(1);
}

static SSL* begin_tls(int fd) {
  static SSL_CTX* context;
  SSL* ssl;

  if (!context) context = SSL_CTX_new(TLS_client_method());
  ssl = SSL_new(context);
  if (!ssl || !SSL_set_fd(ssl, fd)) fail("no TLS");
  SSL_set_alpn_protos(ssl, (const unsigned char*)protocol->alpn, strlen(protocol->alpn));
  if (SSL_connect(ssl) != 1) fail("no TLS");
  return ssl;
}

static void connect_to(struct connection* c, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  // The system keeps nothing of it when this program ends, so that many thousands can follow.
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  int on = 1;

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (c->socket < 0 || connect(c->socket, (struct sockaddr*)&address, sizeof(address)))
    fail("cannot connect");
  setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

void open_connection(struct connection* c, int port) {
  connect_to(c, port);
  if (protocol->alpn) c->ssl = begin_tls(c->socket);
  if (!protocol->greet) return;
  protocol->greet(c);
  send_out(c);
}

void await_upgrade(struct connection* c) {
  if (protocol->is_upgrade) {
    do c->is_drained = 0;
    while (receive(c) && !strstr(c->in, "\r\n\r\n"));
    if (strncmp(c->in, "HTTP/1.1 101 ", 13)) fail("no upgrade");
    c->have = 0;
    c->is_drained = 0;
  }
  if (fcntl(c->socket, F_SETFL, O_NONBLOCK)) fail("fcntl");
}

int receive(struct connection* c) {
  // What was read stays a string.
  size_t room = sizeof(c->in) - c->have - 1;
  ssize_t length;

  if (c->is_drained) return c->is_drained = 0;
  if (c->ssl) {
    length = SSL_read(c->ssl, c->in + c->have, (int)room);
    if (length <= 0 && SSL_get_error(c->ssl, (int)length) == SSL_ERROR_WANT_READ) return 0;
  } else {
    length = recv(c->socket, c->in + c->have, room, 0);
    if (length < 0 && errno == EAGAIN) return 0;
    c->is_drained = (size_t)length < room;
  }
  if (length <= 0) fail("the server has closed a connection");
  c->have += (size_t)length;
  c->in[c->have] = 0;
  return 1;
}

void send_out(struct connection* c) {
  ssize_t length;

  if (!c->to_send) return;
  if (c->ssl) {
    length = SSL_write(c->ssl, c->out, (int)c->to_send);
    if (length <= 0 && SSL_get_error(c->ssl, (int)length) == SSL_ERROR_WANT_WRITE) return;
  } else {
    length = send(c->socket, c->out, c->to_send, MSG_NOSIGNAL);
    if (length < 0 && errno == EAGAIN) return;
  }
  if (length <= 0) fail("cannot send");
  c->to_send -= (size_t)length;
  memmove(c->out, c->out + length, c->to_send);
}

void put(struct connection* c, const void* bytes, size_t length) {
  if (c->to_send + length > sizeof(c->out)) fail("more than has room is to be sent");
  memcpy(c->out + c->to_send, bytes, length);
  c->to_send += length;
}
