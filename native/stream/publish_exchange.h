// Publishes on MQTT: one is sent when the broker has acknowledged it, or, of QoS 0, when the socket
// has it.
#ifndef LWS_SS_NATIVE_STREAM_PUBLISH_EXCHANGE_H_
#define LWS_SS_NATIVE_STREAM_PUBLISH_EXCHANGE_H_

#include <list>
#include <optional>
#include <utility>

#include "stream/queued_exchange.h"

class PublishExchange final : public QueuedExchange {
 public:
  // With `resend`, what a lost connection may have carried goes out again on the next.
  PublishExchange(Host* host, ss_link* link, const Kind& kind, bool resend);

  void Provide(uint32_t id, uint32_t piece, const Napi::Value& bytes) override;
  void Cancel(uint32_t id) override;
  void Pump() override;
  lws_ss_state_return_t Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                           int* flags) override;
  void Connected() override;
  void Lost() override;
  void Acknowledged(lws_ss_tx_ordinal_t ordinal) override;
  void Refused(lws_ss_tx_ordinal_t ordinal) override;
  bool SettleWritten() override;
  void DropStarted() override;
  void Clear() override;
  bool is_sent_again() const override;
  const Metadata& MetadataToConnect(const Metadata& now, const Metadata& asked) const override;

 private:
  // A message that the peer has yet to acknowledge, known by the ordinal of the tx that ended it.
  struct Unanswered {
    lws_ss_tx_ordinal_t ordinal;
    uint32_t id;
    // With resend: what goes out again when the connection is lost.
    std::optional<OutgoingMessage> again;
  };

  void RequestFront();
  // A packet says its length first: whether the length of the first message is yet to be known. If
  // so, asks JavaScript for the next piece, once.
  bool Gathers();
  bool RefuseBegun();
  void Release(lws_ss_tx_ordinal_t ordinal);
  void SendAgain(OutgoingMessage& message, uint16_t packet_id);
  // The message that the peer has acknowledged or refused: that of the ordinal, or the oldest,
  // since a proxy counts ordinals of its own.
  std::list<Unanswered>::iterator Meant(lws_ss_tx_ordinal_t ordinal);

  const bool resend_;
  // The message that is gathered, and the piece that it was asked for.
  std::optional<std::pair<uint32_t, uint32_t>> asked_;
  // The oldest first.
  std::list<Unanswered> unanswered_;
};

#endif
