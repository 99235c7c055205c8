// Hands what happened to streams to JavaScript.
#ifndef LWS_SS_NATIVE_NODE_EVENT_DELIVERY_H_
#define LWS_SS_NATIVE_NODE_EVENT_DELIVERY_H_

#include <napi.h>

#include <vector>

#include "node/message_buffer.h"

// What happened to a stream. What a and b mean depends on the kind.
struct StreamEvent {
  enum Kind : uint32_t {
    kState,
    kRx,
    kSent,
    kFailure,
    kDropped,
    kAcknowledged,
    kRefused,
    kWanted,
    kHead,
    kTrailers,
    kEnded,
    kPublished,
    kRetry
  };
  // Of kPublished, beside the QoS: the message had been retained.
  static constexpr uint32_t kRetained = 1 << 2;
  // How many bytes it has besides its numbers.
  size_t bytes() const {
    return kind == kRx || kind == kFailure || kind == kHead || kind == kTrailers ||
                   kind == kPublished
               ? a
               : 0;
  }
  uint32_t kind, a, b;
};

// Several events in order, and the bytes that belong to them.
struct StreamEvents {
  const StreamEvent* events;
  size_t count;
  const uint8_t* bytes;
  size_t length;
};

// Hands the events of a context's streams to JavaScript, a batch a call: in one array for all of
// them, and small payloads in parts of a slab, since an ArrayBuffer each costs more than all the
// rest of a call.
class EventDelivery {
 public:
  // More bytes at once are not taken into a slab.
  static constexpr size_t kSmallBytes = 4096;

  // allocate() gives a slab, which nobody can detach; tell() is called with what happened.
  // tell_sent() with which messages of several streams were sent.
  void SetFunctions(const Napi::Function& allocate, const Napi::Function& tell,
                    const Napi::Function& tell_sent) {
    allocate_ = Napi::Persistent(allocate);
    tell_ = Napi::Persistent(tell);
    tell_sent_ = Napi::Persistent(tell_sent);
  }

  // Calls tell(stream, numbers, count, bytes, from): `count` events of three numbers each; their
  // bytes, if any, begin at `from`; many of them go to where `message`, of which `rest` is to
  // follow, is collected. False when the environment runs no JavaScript any more.
  bool Deliver(Napi::Env env, napi_async_context async, const Napi::Object& stream,
               const StreamEvents& events, MessageBuffer* message, size_t rest);

  // Calls tell_sent(streams, numbers): for each of them, how many, and their ids. What follows from
  // that runs no code of the program's before the call is over, so that one call does for all.
  bool DeliverSent(Napi::Env env, napi_async_context async, const Napi::Array& streams,
                   const std::vector<uint32_t>& numbers);

  void Release();

 private:
  bool PlaceEvents(Napi::Env env, const StreamEvents& events, napi_value* numbers);
  bool PlaceInSlab(const StreamEvents& events, napi_value* buffer, size_t* from);

  Napi::FunctionReference allocate_, tell_, tell_sent_;
  Napi::Reference<Napi::Uint32Array> numbers_;
  Napi::Reference<Napi::Uint8Array> slab_;
  size_t slab_used_ = 0;
};

#endif
