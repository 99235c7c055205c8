// Collects what happens to a stream, and tells it in one call from a clean stack.
#ifndef LWS_SS_NATIVE_STREAM_DEFERRED_SINK_H_
#define LWS_SS_NATIVE_STREAM_DEFERRED_SINK_H_

#include <string>
#include <vector>

#include "stream/sink.h"

class DeferredSink final : public Sink {
 public:
  DeferredSink(Host* host, const ss_link* link) : host_(host), link_(link) {}

  void State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal, bool is_overtaken) override;
  void Received(const uint8_t* data, size_t length, int flags) override;
  void Add(StreamEvent::Kind kind, uint32_t a, uint32_t b) override;
  void AddBytes(StreamEvent::Kind kind, std::string_view bytes, uint32_t b) override;
  bool Tell() override;
  bool is_empty() const override { return events_.empty(); }
  const std::vector<StreamEvent>* only_sent() const override;
  void Forget() override { events_.clear(); }

 private:
  bool TellInParts();
  void Published();

  Host* const host_;
  const ss_link* const link_;
  std::vector<StreamEvent> events_, telling_;
  std::vector<uint8_t> bytes_, handing_over_;
  // How many bytes are still to come of the frame that bytes_ ends with.
  size_t rest_of_frame_ = 0;
  MessageBuffer message_;
  // Of the message of MQTT that was told of last.
  std::string topic_;
  uint32_t how_published_ = 0;
};

#endif
