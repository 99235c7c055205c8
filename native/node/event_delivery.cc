// Puts events and their bytes where JavaScript can read them, and calls it.
#include "node/event_delivery.h"

#include <cstring>

#include "node/js_call.h"

namespace {

// How many events the shared array holds. More at once get an array of their own.
constexpr size_t kEvents = 256;
}  // namespace

bool EventDelivery::Deliver(Napi::Env env, napi_async_context async, const Napi::Object& stream,
                            const StreamEvents& events, MessageBuffer* message, size_t rest) {
  napi_value numbers, buffer = env.Undefined();
  size_t from = 0;
  if (!PlaceEvents(env, events, &numbers)) return false;
  if (events.length > kSmallBytes) {
    if (!message->Place(env, events.bytes, events.length, rest, &buffer, &from)) return false;
  } else if (events.length && !PlaceInSlab(events, &buffer, &from)) {
    return false;
  }
  JsCall::Make(env, async, stream, tell_.Value(),
               {stream, numbers, Napi::Number::New(env, static_cast<double>(events.count)), buffer,
                Napi::Number::New(env, static_cast<double>(from))});
  return true;
}

bool EventDelivery::DeliverSent(Napi::Env env, napi_async_context async, const Napi::Array& streams,
                                const std::vector<uint32_t>& numbers) {
  auto array = Napi::Uint32Array::New(env, numbers.size());
  // There is no memory only in a worker that is being terminated.
  if (array.IsEmpty() || !array.Data()) return false;
  memcpy(array.Data(), numbers.data(), numbers.size() * sizeof(uint32_t));
  JsCall::Make(env, async, streams, tell_sent_.Value(), {streams, array});
  return true;
}

bool EventDelivery::PlaceEvents(Napi::Env env, const StreamEvents& events, napi_value* numbers) {
  const bool shared = events.count <= kEvents;
  if (shared && numbers_.IsEmpty()) {
    auto array = Napi::Uint32Array::New(env, kEvents * 3);
    // There is no memory only in a worker that is being terminated.
    if (array.IsEmpty() || !array.Data()) return false;
    numbers_ = Napi::Persistent(array);
  }
  auto array = shared ? numbers_.Value() : Napi::Uint32Array::New(env, events.count * 3);
  if (array.IsEmpty() || !array.Data()) return false;
  memcpy(array.Data(), events.events, events.count * sizeof(StreamEvent));
  *numbers = array;
  return true;
}

bool EventDelivery::PlaceInSlab(const StreamEvents& events, napi_value* buffer, size_t* from) {
  Napi::Uint8Array slab;
  if (!slab_.IsEmpty()) slab = slab_.Value();
  // Asked each time: one that was detached after all has no length.
  if (slab.IsEmpty() || slab_used_ + events.length > slab.ByteLength()) {
    const Napi::Value made = allocate_.Call({});
    if (made.IsEmpty() || !made.IsTypedArray()) return false;
    slab = made.As<Napi::Uint8Array>();
    slab_ = Napi::Persistent(slab);
    slab_used_ = 0;
  }
  memcpy(slab.Data() + slab_used_, events.bytes, events.length);
  *buffer = slab;
  *from = slab_used_;
  slab_used_ += events.length;
  return true;
}

void EventDelivery::Release() {
  allocate_.Reset();
  tell_.Reset();
  tell_sent_.Reset();
  numbers_.Reset();
  slab_.Reset();
}
