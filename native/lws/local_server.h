/* Of a local link, what is about servers; ss_link_ops in link.h says what each does. */
#ifndef LWS_SS_NATIVE_LWS_LOCAL_SERVER_H_
#define LWS_SS_NATIVE_LWS_LOCAL_SERVER_H_

#include "lws/link.h"

int local_listen_port(const struct ss_link* link);
int local_listen_address(const struct ss_link* link, int nth, struct sockaddr_storage* address);
void local_limit(const struct ss_link* link, const struct ss_link_limits* limits);
void local_stop_listening(struct ss_link* link);
int local_carries_streams(const struct ss_link* link);
const char* local_use_identity(struct ss_link* link, const struct ss_link_identity* identity);
/* A client is not timed while nobody takes the body of its request. */
void local_time_body(struct lws* wsi, int on);
int local_peer(const struct ss_link* link, struct sockaddr_storage* address);

#endif
