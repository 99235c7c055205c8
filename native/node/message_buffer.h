// Memory for a message that arrives in pieces.
#ifndef LWS_SS_NATIVE_NODE_MESSAGE_BUFFER_H_
#define LWS_SS_NATIVE_NODE_MESSAGE_BUFFER_H_

#include <napi.h>

// Memory in JavaScript for a message that arrives in pieces, when it is known early how many bytes
// follow: pieces that lie behind each other need not be joined.
class MessageBuffer {
 public:
  // Copies a piece to where it belongs, which is at `from` in `buffer`; `rest` bytes are to follow.
  // False when the environment runs no JavaScript any more.
  bool Place(Napi::Env env, const uint8_t* bytes, size_t count, size_t rest, napi_value* buffer,
             size_t* from);

 private:
  Napi::Reference<Napi::Uint8Array> buffer_;
  size_t used_ = 0;
};

#endif
