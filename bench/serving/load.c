// Keeps a server busy: `load PROTOCOL PORT CONNECTIONS IN_FLIGHT`. For each number of operations on
// a line of standard input, it performs these, so many at a time on each connection, and prints the
// seconds. PROTOCOL: raw, ws, ws-broadcast, h1, h1-tls or h2-tls. An operation is a message of 64
// bytes that comes back, in a broadcast to every connection, or a request that is answered with 1
// KiB.
#include "connection.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <time.h>

#define OPENED_AT_ONCE 100

static int poller, port, count, in_flight, is_broadcast;
// Where the next round begins, so that short ones reach all.
static int next;
static struct connection* connections;
static long wanted, begun, answered;

static double now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void begin(struct connection* c) {
  begun++;
  protocol->ask(c);
}

static void open_next(int first, int end) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};

  for (int n = first; n < end; n++) open_connection(&connections[n], port);
  for (int n = first; n < end; n++) {
    await_upgrade(&connections[n]);
    event.data.ptr = &connections[n];
    if (epoll_ctl(poller, EPOLL_CTL_ADD, connections[n].socket, &event)) fail("epoll_ctl");
  }
}

static void open_all(void) {
  connections = calloc((size_t)count, sizeof(*connections));
  poller = epoll_create1(0);
  if (!connections || poller < 0) fail("no memory");
  for (int n = 0; n < count; n += OPENED_AT_ONCE)
    open_next(n, n + OPENED_AT_ONCE < count ? n + OPENED_AT_ONCE : count);
}

// What came is taken, and what it lets begin leaves in one write.
static void serve(struct connection* c) {
  while (receive(c)) {
    int answers = protocol->answers(c);

    answered += answers;
    if (is_broadcast) continue;
    for (; answers && begun < wanted; answers--) begin(c);
  }
  send_out(c);
  if (is_broadcast && begun < wanted && answered == begun * count) {
    begin(connections);
    send_out(connections);
  }
}

static double perform(long operations) {
  struct epoll_event events[256];
  const double start = now();

  wanted = operations;
  begun = answered = 0;
  for (int left = count * in_flight; left && begun < wanted && !(is_broadcast && begun); left--) {
    begin(&connections[next]);
    next = (next + 1) % count;
  }
  for (int n = 0; n < count; n++) send_out(&connections[n]);
  while (answered < (is_broadcast ? wanted * count : wanted)) {
    int ready = epoll_wait(poller, events, 256, 10000);

    if (!ready) fail("the server does not answer");
    for (int n = 0; n < ready; n++) serve(events[n].data.ptr);
  }
  return now() - start;
}

int main(int argc, char** argv) {
  char line[32];

  if (argc != 5) fail("usage: load PROTOCOL PORT CONNECTIONS IN_FLIGHT");
  choose_protocol(argv[1]);
  is_broadcast = !strcmp(argv[1], "ws-broadcast");
  port = atoi(argv[2]);
  count = atoi(argv[3]);
  in_flight = atoi(argv[4]);
  open_all();
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof(line), stdin)) {
    printf("%.9f\n", perform(atol(line)));
    fflush(stdout);
  }
  return 0;
}
