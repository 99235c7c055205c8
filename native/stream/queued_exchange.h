// The base of exchanges whose messages wait in a queue until lws asks for them.
#ifndef LWS_SS_NATIVE_STREAM_QUEUED_EXCHANGE_H_
#define LWS_SS_NATIVE_STREAM_QUEUED_EXCHANGE_H_

#include <list>

#include "stream/exchange.h"
#include "stream/written_messages.h"

class QueuedExchange : public Exchange {
 public:
  QueuedExchange(Host* host, ss_link* link, const Kind& kind);

  void Send(OutgoingMessage message) override;
  void Provide(uint32_t id, uint32_t piece, const Napi::Value& bytes) override;
  void Cancel(uint32_t id) override;
  void SetKind(const Kind& kind) override;
  void Clear() override;
  bool is_empty() const override { return outgoing_.empty(); }
  const Metadata& MetadataToConnect(const Metadata& now, const Metadata& asked) const override;

 protected:
  void Tell(StreamEvent::Kind kind, uint32_t id, uint32_t piece = 0);
  // Asks lws for room; with the length of the message, where lws sends that first.
  void Request(uint64_t length = SS_LINK_NO_LENGTH);
  bool is_busy() const { return link_->ops->phase(link_) == SS_LINK_BUSY; }
  // From a clean stack: asks lws for room for what JavaScript has provided.
  void RequestProvided();
  // Whether JavaScript has yet to provide the next bytes of a message. If so, asks for them.
  bool Starves(const OutgoingMessage& message);
  // From a clean stack: whether the first message may be begun. What has begun goes on by itself,
  // over a retry too.
  bool CanBegin();
  // Settles as `verdict` what the socket has taken of written_; whether anything was.
  bool SettleAs(StreamEvent::Kind verdict);
  void DropWritten();
  void DropBegun();
  // Takes what fits of a message; `flags` says how it stands in it.
  static void Take(OutgoingMessage& message, uint8_t* into, size_t* length, int* flags);

  Host* const host_;
  ss_link* const link_;
  Kind kind_;
  std::list<OutgoingMessage> outgoing_;
  WrittenMessages written_;

 private:
  bool was_provided_ = false;
};

#endif
