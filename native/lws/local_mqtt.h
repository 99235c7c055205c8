/* Of a local link, what MQTT alone has; ss_link_ops in link.h says what each does. */
#ifndef LWS_SS_NATIVE_LWS_LOCAL_MQTT_H_
#define LWS_SS_NATIVE_LWS_LOCAL_MQTT_H_

#include "lws/link.h"

uint16_t local_packet_id(const struct ss_link* link, const lws_ss_tx_ordinal_t* ordinal);
void local_send_again(struct ss_link* link, uint16_t id);
int local_is_received(const struct ss_link* link, uint16_t id);
void local_keep_packet_id(struct ss_link* link, uint16_t id);
int local_has_session(const struct ss_link* link);
int local_release(struct ss_link* link, uint16_t id, lws_ss_tx_ordinal_t ordinal);
int local_published(const struct ss_link* link, struct ss_link_publish* publish);

#endif
