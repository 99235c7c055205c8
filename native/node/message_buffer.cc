// Collects the pieces of a message in one piece of memory.
#include "node/message_buffer.h"

#include <algorithm>
#include <cstring>

namespace {

// However long a peer says that its message is, no more than this is allocated ahead.
constexpr size_t kMostAhead = 1024 * 1024;

}  // namespace

bool MessageBuffer::Place(Napi::Env env, const uint8_t* bytes, size_t count, size_t rest,
                          napi_value* buffer, size_t* from) {
  Napi::Uint8Array array;
  if (!buffer_.IsEmpty()) array = buffer_.Value();
  // Asked each time: one that JavaScript has detached has no length.
  if (array.IsEmpty() || used_ + count > array.ByteLength()) {
    const auto made = Napi::Buffer<uint8_t>::New(env, count + std::min(rest, kMostAhead));
    if (made.IsEmpty() || !made.Data()) return false;
    array = made;
    buffer_ = Napi::Persistent(array);
    used_ = 0;
  }
  memcpy(array.Data() + used_, bytes, count);
  *buffer = array;
  *from = used_;
  used_ += count;
  if (rest == 0) buffer_.Reset();
  return true;
}
