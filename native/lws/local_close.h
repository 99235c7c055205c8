/* Of a local link, how a connection ends; ss_link_ops in link.h says what each does. */
#ifndef LWS_SS_NATIVE_LWS_LOCAL_CLOSE_H_
#define LWS_SS_NATIVE_LWS_LOCAL_CLOSE_H_

#include "lws/link.h"

/* Sends the CLOSE frame of ws, and waits for nothing; a server, which goes away, says so. */
void local_say_goodbye(struct lws* wsi);
int local_close(struct ss_link* link, uint16_t code, struct ss_link_bytes reason);
int local_end_sending(struct ss_link* link);

#endif
