#include "event_delivery.h"

#include <cstring>

#include "util/js_call.h"

namespace {

// More at once get an array of their own.
constexpr size_t kEvents = 256;
// More at once get a buffer of their own.
constexpr size_t kSmallBytes = 4096;

}  // namespace

bool EventDelivery::Deliver(Napi::Env env, napi_async_context async, const Napi::Object& target,
                            const std::vector<StreamEvent>& events,
                            const std::vector<uint8_t>& bytes) {
  napi_value numbers, buffer = env.Undefined();
  size_t from = 0;
  if (!PlaceEvents(env, events, &numbers)) return false;
  if (!bytes.empty() && !PlaceBytes(env, bytes, &buffer, &from)) return false;
  JsCall::Make(env, async, target, tell_.Value(),
               {target, numbers, Napi::Number::New(env, static_cast<double>(events.size())), buffer,
                Napi::Number::New(env, static_cast<double>(from))});
  return true;
}

bool EventDelivery::PlaceEvents(Napi::Env env, const std::vector<StreamEvent>& events,
                                napi_value* numbers) {
  const bool shared = events.size() <= kEvents;
  if (shared && numbers_.IsEmpty()) {
    auto array = Napi::Uint32Array::New(env, kEvents * 3);
    // There is no memory only in a worker that is being terminated.
    if (array.IsEmpty() || !array.Data()) return false;
    numbers_ = Napi::Persistent(array);
  }
  auto array = shared ? numbers_.Value() : Napi::Uint32Array::New(env, events.size() * 3);
  if (array.IsEmpty() || !array.Data()) return false;
  memcpy(array.Data(), events.data(), events.size() * sizeof(StreamEvent));
  *numbers = array;
  return true;
}

bool EventDelivery::PlaceBytes(Napi::Env env, const std::vector<uint8_t>& bytes, napi_value* buffer,
                               size_t* from) {
  if (bytes.size() > kSmallBytes) {
    const auto own = Napi::Buffer<uint8_t>::Copy(env, bytes.data(), bytes.size());
    *buffer = own;
    return !own.IsEmpty();
  }
  Napi::Uint8Array slab;
  if (!slab_.IsEmpty()) slab = slab_.Value();
  // Asked each time: one that was detached after all has no length.
  if (slab.IsEmpty() || slab_used_ + bytes.size() > slab.ByteLength()) {
    const Napi::Value made = allocate_.Call({});
    if (made.IsEmpty() || !made.IsTypedArray()) return false;
    slab = made.As<Napi::Uint8Array>();
    slab_ = Napi::Persistent(slab);
    slab_used_ = 0;
  }
  memcpy(slab.Data() + slab_used_, bytes.data(), bytes.size());
  *buffer = slab;
  *from = slab_used_;
  slab_used_ += bytes.size();
  return true;
}

void EventDelivery::Release() {
  allocate_.Reset();
  tell_.Reset();
  numbers_.Reset();
  slab_.Reset();
}
