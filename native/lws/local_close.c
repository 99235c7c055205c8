/* Of a local link, how a connection ends in the words of its protocol. */
#include "lws/local_close.h"

#include "private-lib-core.h"

/* How long the peer may take to end its side, where it has to. */
#define PATIENCE_S 5

static int is_established_ws(struct lws* wsi) {
  return wsi && lwsi_role_ws(wsi) && lwsi_state(wsi) == LRS_ESTABLISHED;
}

void local_say_goodbye(struct lws* wsi) {
  uint8_t frame[LWS_PRE + 2];

  /* When the socket takes nothing at present, the frame is left out. */
  if (!is_established_ws(wsi) || lws_send_pipe_choked(wsi)) return;
  lws_ser_wu16be(frame + LWS_PRE,
                 lwsi_role_server(wsi) ? LWS_CLOSE_STATUS_GOINGAWAY : LWS_CLOSE_STATUS_NORMAL);
  (void)!lws_write(wsi, frame + LWS_PRE, 2, LWS_WRITE_CLOSE);
}

/* What the peer says before its own CLOSE is read, and dropped. */
static int close_ws(struct lws* wsi, uint16_t code, struct ss_link_bytes reason) {
  if (!is_established_ws(wsi)) return 0;
  lws_close_reason(wsi, (enum lws_close_status)code, (unsigned char*)reason.data, reason.length);
  lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, PATIENCE_S);
  wsi->waiting_to_send_close_frame = 1;
  wsi->close_needs_ack = 1;
  lwsi_set_state(wsi, LRS_WAITING_TO_SEND_CLOSE);
  lws_rx_flow_control(wsi, 1);
  lws_callback_on_writable(wsi);

  return 1;
}

/* A connection without streams is kept for a while, for the next one. That says DISCONNECT now. */
static int close_mqtt(struct lws* wsi) {
  struct lws* nwsi = lws_get_network_wsi(wsi);

  if (!lwsi_role_mqtt(wsi) || nwsi == wsi) return 0;
  lws_set_timeout(wsi, 1, LWS_TO_KILL_SYNC);
  if (!nwsi->mux.child_list && !nwsi->dll2_cli_txn_queue_owner.count)
    lws_set_timeout(nwsi, 1, LWS_TO_KILL_SYNC);

  return 1;
}

int local_end_sending(struct ss_link* link) {
  struct lws_ss_handle* h = link->handle;
  struct lws* wsi = h->wsi;

  if (!wsi || wsi->role_ops != &role_ops_raw_skt || lwsi_state(wsi) != LRS_ESTABLISHED) return 0;
#if defined(LWS_WITH_TLS)
  if (lws_is_ssl(wsi)) {
    ERR_clear_error();
    SSL_shutdown(wsi->tls.ssl);
    ERR_clear_error();
  }
#endif

  return !shutdown(wsi->desc.sockfd, SHUT_WR);
}

int local_close(struct ss_link* link, uint16_t code, struct ss_link_bytes reason) {
  struct lws* wsi = ((struct lws_ss_handle*)link->handle)->wsi;

  if (!wsi) return 0;
  if (close_ws(wsi, code, reason) || close_mqtt(wsi)) return 1;
  if (!local_end_sending(link)) return 0;
  lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_ACK, PATIENCE_S);

  return 1;
}
