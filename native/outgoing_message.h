#ifndef LWS_SS_NATIVE_OUTGOING_MESSAGE_H_
#define LWS_SS_NATIVE_OUTGOING_MESSAGE_H_

#include <napi.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "metadata.h"

// How a ws frame says what is in it.
enum class FrameKind : uint8_t { kAsPolicy, kText, kBinary };

// One message on its way out: a copy, which nothing that JavaScript does to its buffer can reach;
// or, when only its length is known, what JavaScript provides of it, piece by piece. With it goes
// the metadata that its stream had when it was given to us.
class OutgoingMessage {
 public:
  OutgoingMessage(uint32_t id, Metadata of_stream, const Napi::Uint8Array& data)
      : id_(id),
        length_(data.ByteLength()),
        of_stream_(std::move(of_stream)),
        bytes_(data.Data(), data.Data() + data.ByteLength()) {}
  OutgoingMessage(uint32_t id, Metadata of_stream, size_t length)
      : id_(id), length_(length), of_stream_(std::move(of_stream)), in_pieces_(true) {}

  // What it has of its own, over the stream's.
  void SetMetadata(const Napi::Array& pairs) { own_ = MetadataOver(of_stream_, pairs); }
  const Metadata& metadata() const { return own_ ? own_ : of_stream_; }
  const Metadata& metadata_of_stream() const { return of_stream_; }
  void SetFrameKind(FrameKind kind) { frame_kind_ = kind; }
  FrameKind frame_kind() const { return frame_kind_; }

  uint32_t id() const { return id_; }
  size_t length() const { return length_; }
  bool started() const { return started_; }
  // Whether lws was asked to make the transaction, or the publish, that carries it.
  bool requested() const { return requested_; }
  void SetRequested() { requested_ = true; }
  bool finished() const { return started_ && sent_ == length_; }
  // Whether what is to be sent next is still to be provided.
  bool starved() const { return sent_ < length_ && taken_ == bytes_.size(); }
  uint32_t next_piece() const { return next_piece_; }

  // A piece that is not the next was asked for before everything began anew.
  bool Provide(uint32_t piece, const Napi::Uint8Array& data) {
    if (!in_pieces_ || !starved() || piece != next_piece_) return false;
    bytes_.assign(data.Data(), data.Data() + std::min(data.ByteLength(), length_ - sent_));
    taken_ = 0;
    next_piece_++;
    return true;
  }

  // From the beginning, and not for the first time: an MQTT broker knows it by its packet id.
  void SendAgain(uint16_t packet_id) {
    Rewind();
    started_ = requested_ = false;
    packet_id_ = packet_id;
  }
  uint16_t packet_id() const { return packet_id_; }

  size_t Take(uint8_t* into, size_t room) {
    const size_t n = std::min(room, bytes_.size() - taken_);
    if (n) memcpy(into, bytes_.data() + taken_, n);
    taken_ += n;
    sent_ += n;
    started_ = true;
    return n;
  }

  void Rewind() {
    sent_ = taken_ = 0;
    if (in_pieces_) bytes_.clear();
    next_piece_ = 0;
    // One without bytes is never asked for.
    started_ = started_ && length_ == 0;
  }

 private:
  uint32_t id_;
  FrameKind frame_kind_ = FrameKind::kAsPolicy;
  size_t length_;
  Metadata of_stream_, own_;
  std::vector<uint8_t> bytes_;
  bool in_pieces_ = false;
  uint32_t next_piece_ = 0;
  size_t taken_ = 0;
  size_t sent_ = 0;
  bool started_ = false;
  bool requested_ = false;
  uint16_t packet_id_ = 0;
};

#endif
