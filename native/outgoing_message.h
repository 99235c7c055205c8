#ifndef LWS_SS_NATIVE_OUTGOING_MESSAGE_H_
#define LWS_SS_NATIVE_OUTGOING_MESSAGE_H_

#include <napi.h>

#include <algorithm>
#include <cstring>
#include <vector>

// One message on its way out: a copy, which nothing that JavaScript does to its buffer can reach.
class OutgoingMessage {
 public:
  OutgoingMessage(uint32_t id, const Napi::Uint8Array& data)
      : id_(id), bytes_(data.Data(), data.Data() + data.ByteLength()) {}

  uint32_t id() const { return id_; }
  size_t length() const { return bytes_.size(); }
  bool started() const { return started_; }
  // Whether lws was asked to make the transaction, or the publish, that carries it.
  bool requested() const { return requested_; }
  void SetRequested() { requested_ = true; }
  bool finished() const { return started_ && sent_ == bytes_.size(); }

  size_t Take(uint8_t* into, size_t room) {
    const size_t n = std::min(room, bytes_.size() - sent_);
    if (n) memcpy(into, bytes_.data() + sent_, n);
    sent_ += n;
    started_ = true;
    return n;
  }

  void Rewind() {
    sent_ = 0;
    // One without bytes is never asked for.
    started_ = started_ && bytes_.empty();
  }

 private:
  uint32_t id_;
  std::vector<uint8_t> bytes_;
  size_t sent_ = 0;
  bool started_ = false;
  bool requested_ = false;
};

#endif
