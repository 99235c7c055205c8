// Collects events, and tells small ones together and large ones each by itself.
#include "stream/deferred_sink.h"

#include <algorithm>

void DeferredSink::State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal, bool) {
  if (state == LWSSSCS_DISCONNECTED) rest_of_frame_ = 0;
  Add(StreamEvent::kState, state, ordinal);
}

void DeferredSink::Received(const uint8_t* data, size_t length, int flags) {
  if (flags & LWSSS_FLAG_SOM) Published();
  rest_of_frame_ = link_->ops->rest_of_frame(link_);
  AddBytes(StreamEvent::kRx, {reinterpret_cast<const char*>(data), length},
           static_cast<uint32_t>(flags));
}

// Messages of one topic are mostly published alike, and then that is told once.
void DeferredSink::Published() {
  ss_link_publish publish;
  if (!link_->ops->published(link_, &publish)) return;
  const std::string_view topic(reinterpret_cast<const char*>(publish.topic.data),
                               publish.topic.length);
  const uint32_t how = publish.qos | (publish.is_retained ? StreamEvent::kRetained : 0);
  if (topic == topic_ && how == how_published_) return;
  topic_ = topic;
  how_published_ = how;
  AddBytes(StreamEvent::kPublished, topic, how);
}

void DeferredSink::Add(StreamEvent::Kind kind, uint32_t a, uint32_t b) {
  events_.push_back({kind, a, b});
}

void DeferredSink::AddBytes(StreamEvent::Kind kind, std::string_view bytes, uint32_t b) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  bytes_.insert(bytes_.end(), data, data + bytes.size());
  Add(kind, static_cast<uint32_t>(bytes.size()), b);
}

const std::vector<StreamEvent>* DeferredSink::only_sent() const {
  const bool is_so =
      !events_.empty() && std::all_of(events_.begin(), events_.end(), [](const StreamEvent& event) {
        return event.kind == StreamEvent::kSent;
      });
  return is_so ? &events_ : nullptr;
}

bool DeferredSink::Tell() {
  if (events_.empty() || !host_->can_call_js()) return true;
  const Napi::HandleScope scope(host_->env());
  telling_.swap(events_);
  handing_over_.swap(bytes_);
  if (!TellInParts()) return false;
  telling_.clear();
  handing_over_.clear();
  // The memory of a burst is given back.
  if (handing_over_.capacity() > EventDelivery::kSmallBytes && !rest_of_frame_)
    std::vector<uint8_t>().swap(handing_over_);
  return true;
}

// Tells small messages together, and each large one by itself: JavaScript can then free its memory
// when it has let go of that one message.
bool DeferredSink::TellInParts() {
  const Napi::Object self = host_->object();
  StreamEvents part = {telling_.data(), 0, handing_over_.data(), 0};
  const auto tell = [&](size_t rest) {
    if (!host_->can_call_js() ||
        !host_->delivery().Deliver(host_->env(), host_->async(), self, part, &message_, rest))
      return false;
    part = {part.events + part.count, 0, part.bytes + part.length, 0};
    return true;
  };
  for (const StreamEvent& event : telling_) {
    const size_t length = event.bytes();
    if (part.length && part.length + length > EventDelivery::kSmallBytes && !tell(0)) return false;
    part.count++;
    part.length += length;
  }
  return tell(rest_of_frame_);
}
