// One message on its way out.
#ifndef LWS_SS_NATIVE_STREAM_OUTGOING_MESSAGE_H_
#define LWS_SS_NATIVE_STREAM_OUTGOING_MESSAGE_H_

#include <napi.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "lws/link.h"
#include "stream/metadata.h"

// How a ws frame says what is in it.
enum class FrameKind : uint8_t { kAsPolicy, kText, kBinary };

// What several streams send, which nobody changes.
using SharedBytes = std::shared_ptr<const std::vector<uint8_t>>;

// One message on its way out: a copy, which nothing that JavaScript does to its buffer can reach;
// or what JavaScript provides of it, piece by piece. Without a length (SS_LINK_OPEN_LENGTH) it ends
// when JavaScript says so, and what was provided once is not provided again. With it goes the
// metadata that its stream had when it was given to us.
class OutgoingMessage {
 public:
  OutgoingMessage(uint32_t id, Metadata of_stream, const Napi::Uint8Array& data)
      : id_(id),
        length_(data.ByteLength()),
        of_stream_(std::move(of_stream)),
        bytes_(data.Data(), data.Data() + data.ByteLength()) {}
  OutgoingMessage(uint32_t id, Metadata of_stream, SharedBytes bytes)
      : id_(id),
        length_(bytes->size()),
        of_stream_(std::move(of_stream)),
        shared_(std::move(bytes)) {}
  OutgoingMessage(uint32_t id, Metadata of_stream, uint64_t length)
      : id_(id), length_(length), of_stream_(std::move(of_stream)), in_pieces_(true) {}

  // The message's own values, in addition to those of the stream.
  void SetMetadata(const Napi::Array& pairs) { own_ = MetadataOver(of_stream_, pairs); }
  const Metadata& metadata() const { return own_ ? own_ : of_stream_; }
  const Metadata& metadata_of_stream() const { return of_stream_; }
  void SetFrameKind(FrameKind kind) { frame_kind_ = kind; }
  FrameKind frame_kind() const { return frame_kind_; }

  uint32_t id() const { return id_; }
  uint64_t length() const { return length_; }
  bool started() const { return started_; }
  // Whether lws was asked to make the transaction, or the publish, that carries it.
  bool requested() const { return requested_; }
  void SetRequested() { requested_ = true; }
  // Whether nobody waits for it any more, although it has begun to leave.
  bool given_up() const { return given_up_; }
  void GiveUp() { given_up_ = true; }
  bool finished() const { return started_ && sent_ == length_ && !is_end_due_; }
  // Whether it could not be sent from its beginning.
  bool is_partly_gone() const { return is_open_ && sent_ > 0; }
  // Whether what is to be sent next is still to be provided.
  bool starved() const { return sent_ < length_ && taken_ == bytes().size(); }
  uint32_t next_piece() const { return next_piece_; }

  // False for a piece that was asked for before the message was begun again.
  bool Provide(uint32_t piece, const Napi::Uint8Array& data) {
    if (!in_pieces_ || !starved() || piece != next_piece_) return false;
    bytes_.assign(data.Data(),
                  data.Data() + std::min<uint64_t>(data.ByteLength(), length_ - sent_));
    taken_ = 0;
    next_piece_++;
    return true;
  }

  // There is no such piece: what was provided before is all. False as Provide() says it.
  bool End(uint32_t piece) {
    if (!is_open_ || !starved() || piece != next_piece_) return false;
    length_ = sent_;
    is_end_due_ = true;
    return true;
  }

  // Of a message whose length has to be known before it can leave: keeps the piece, or, behind the
  // last, has it be a message like any other. False as Provide() says it.
  bool Gather(uint32_t piece, const Napi::Value& bytes) {
    if (piece != next_piece_) return false;
    next_piece_++;
    if (bytes.IsTypedArray()) {
      const auto data = bytes.As<Napi::Uint8Array>();
      bytes_.insert(bytes_.end(), data.Data(), data.Data() + data.ByteLength());
    } else {
      length_ = bytes_.size();
      in_pieces_ = is_open_ = false;
    }
    return true;
  }
  bool has_length() const { return length_ != SS_LINK_OPEN_LENGTH; }

  // Has it sent from its beginning, with the packet id by which an MQTT broker may know it; or, if
  // the broker `has` it and has not forgotten that, released.
  void SendAgain(uint16_t packet_id, bool has) {
    Rewind();
    started_ = requested_ = false;
    packet_id_ = packet_id;
    is_received_ = has;
  }
  uint16_t packet_id() const { return packet_id_; }
  bool is_received() const { return is_received_; }

  size_t Take(uint8_t* into, size_t room) {
    const size_t n = std::min(room, bytes().size() - taken_);
    if (n) memcpy(into, bytes().data() + taken_, n);
    taken_ += n;
    sent_ += n;
    started_ = true;
    is_end_due_ = is_end_due_ && sent_ < length_;
    return n;
  }

  void Rewind() {
    const bool keeps_piece = is_open_ && sent_ == 0;
    sent_ = taken_ = 0;
    if (in_pieces_ && !keeps_piece) {
      bytes_.clear();
      next_piece_ = 0;
    }
    // lws asks for no bytes of an empty message, so nothing would set this again.
    started_ = started_ && length_ == 0;
  }

 private:
  const std::vector<uint8_t>& bytes() const { return shared_ ? *shared_ : bytes_; }

  uint32_t id_;
  FrameKind frame_kind_ = FrameKind::kAsPolicy;
  uint64_t length_;
  Metadata of_stream_, own_;
  std::vector<uint8_t> bytes_;
  SharedBytes shared_;
  bool in_pieces_ = false;
  bool is_open_ = length_ == SS_LINK_OPEN_LENGTH;
  // Nothing is left of it but its end, of which lws has not been told.
  bool is_end_due_ = false;
  uint32_t next_piece_ = 0;
  size_t taken_ = 0;
  uint64_t sent_ = 0;
  bool started_ = false;
  bool requested_ = false;
  bool given_up_ = false;
  bool is_received_ = false;
  uint16_t packet_id_ = 0;
};

#endif
