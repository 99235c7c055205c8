#ifndef LWS_SS_NATIVE_OUTGOING_MESSAGE_H_
#define LWS_SS_NATIVE_OUTGOING_MESSAGE_H_

#include <napi.h>

#include <algorithm>
#include <cstring>
#include <string>

// One message on its way out. Small ones are copied; large ones stay where JavaScript has them.
class OutgoingMessage {
 public:
  OutgoingMessage(uint32_t id, const Napi::Uint8Array& data) : id_(id), length_(data.ByteLength()) {
    if (length_ <= kCopyUpTo)
      copy_.assign(reinterpret_cast<const char*>(data.Data()), length_);
    else
      held_ = Napi::Reference<Napi::Uint8Array>::New(data, 1);
    bytes_ = data.Data();
  }
  OutgoingMessage(OutgoingMessage&&) = default;
  OutgoingMessage& operator=(OutgoingMessage&&) = default;

  uint32_t id() const { return id_; }
  size_t length() const { return length_; }
  bool started() const { return started_; }
  bool finished() const { return started_ && sent_ == length_; }

  size_t Take(uint8_t* into, size_t room) {
    const size_t n = std::min(room, length_ - sent_);
    if (n) memcpy(into, (held_.IsEmpty() ? bytes_of_copy() : bytes_) + sent_, n);
    sent_ += n;
    started_ = true;
    return n;
  }

  void Rewind() {
    sent_ = 0;
    started_ = length_ == 0 && started_;
  }

 private:
  static constexpr size_t kCopyUpTo = 16 * 1024;

  const uint8_t* bytes_of_copy() const { return reinterpret_cast<const uint8_t*>(copy_.data()); }

  uint32_t id_;
  size_t length_;
  size_t sent_ = 0;
  bool started_ = false;
  const uint8_t* bytes_ = nullptr;
  std::string copy_;
  Napi::Reference<Napi::Uint8Array> held_;
};

#endif
