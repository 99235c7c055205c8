/* Of a local link, what MQTT alone has. */
#include "lws/local_mqtt.h"

#include "private-lib-core.h"

static struct lws_ss_handle* handle_of(const struct ss_link* link) { return link->handle; }

static int is_mqtt(const struct lws_ss_handle* h) { return h->policy->protocol == LWSSSP_MQTT; }

uint16_t local_packet_id(const struct ss_link* link, const lws_ss_tx_ordinal_t* ordinal) {
  return is_mqtt(handle_of(link)) ? lws_ss_mqtt_pkt_id(handle_of(link), ordinal) : 0;
}

void local_send_again(struct ss_link* link, uint16_t id) {
  lws_ss_mqtt_send_again(handle_of(link), id);
}

int local_is_received(const struct ss_link* link, uint16_t id) {
  return lws_ss_mqtt_is_received(handle_of(link), id);
}

void local_keep_packet_id(struct ss_link* link, uint16_t id) {
  lws_ss_mqtt_keep(handle_of(link), id);
}

int local_has_session(const struct ss_link* link) {
  struct lws* wsi = handle_of(link)->wsi;

  return wsi && lws_get_network_wsi(wsi)->mqtt->session_present;
}

int local_release(struct ss_link* link, uint16_t id, lws_ss_tx_ordinal_t ordinal) {
  return !lws_ss_mqtt_release(handle_of(link), id, ordinal);
}

int local_published(const struct ss_link* link, struct ss_link_publish* publish) {
  const struct lws_ss_handle* h = handle_of(link);
  const lws_mqtt_publish_param_t* received;
  struct lws* nwsi;

  if (!is_mqtt(h) || !h->wsi) return 0;
  nwsi = lws_get_network_wsi(h->wsi);
  received = nwsi->mqtt->rx_cpkt_param;
  if (!received) return 0;
  publish->topic.data = (const unsigned char*)received->topic;
  publish->topic.length = received->topic_len;
  publish->qos = received->qos;
  publish->is_retained = nwsi->mqtt->client.par.packet_type_flags & 1;
  return 1;
}
