#ifndef LWS_SS_NATIVE_EVENT_DELIVERY_H_
#define LWS_SS_NATIVE_EVENT_DELIVERY_H_

#include <napi.h>

#include <vector>

// What happened to a stream. What a and b mean depends on the kind; lib/native.ts has the same
// kinds.
struct StreamEvent {
  enum Kind : uint32_t {
    kState = 0,
    kRx = 1,
    kSent = 2,
    kFailure = 3,
    kDropped = 4,
    kAcknowledged = 5,
    kRefused = 6,
    kWanted = 7
  };
  uint32_t kind, a, b;
};

// Hands the events of a context's streams to JavaScript, a batch a call: in one array for all of
// them, and small payloads in parts of a slab, since an ArrayBuffer each costs more than all the
// rest of a call.
class EventDelivery {
 public:
  // allocate() gives a slab, which nobody can detach; tell() is called with what happened.
  void SetFunctions(const Napi::Function& allocate, const Napi::Function& tell) {
    allocate_ = Napi::Persistent(allocate);
    tell_ = Napi::Persistent(tell);
  }

  // Calls tell(target, numbers, count, bytes, from): `count` events of three numbers each; their
  // bytes, if any, begin at `from`. False when the environment runs no JavaScript any more.
  bool Deliver(Napi::Env env, napi_async_context async, const Napi::Object& target,
               const std::vector<StreamEvent>& events, const std::vector<uint8_t>& bytes);

  void Release();

 private:
  bool PlaceEvents(Napi::Env env, const std::vector<StreamEvent>& events, napi_value* numbers);
  bool PlaceBytes(Napi::Env env, const std::vector<uint8_t>& bytes, napi_value* buffer,
                  size_t* from);

  Napi::FunctionReference allocate_, tell_;
  Napi::Reference<Napi::Uint32Array> numbers_;
  Napi::Reference<Napi::Uint8Array> slab_;
  size_t slab_used_ = 0;
};

#endif
