// How what happens to a stream is told to JavaScript.
#ifndef LWS_SS_NATIVE_STREAM_SINK_H_
#define LWS_SS_NATIVE_STREAM_SINK_H_

#include <string_view>
#include <vector>

#include "lws/link.h"
#include "node/event_delivery.h"

class Sink {
 public:
  // The stream's side in JavaScript.
  class Host {
   public:
    virtual ~Host() = default;
    virtual Napi::Env env() const = 0;
    virtual napi_async_context async() const = 0;
    virtual Napi::Object object() = 0;
    virtual EventDelivery& delivery() = 0;
    virtual bool can_call_js() const = 0;
  };

  virtual ~Sink() = default;

  // `is_overtaken`: the program has ended the connection, or the stream, and lws has yet to do it.
  virtual void State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal, bool is_overtaken) = 0;
  virtual void Received(const uint8_t* data, size_t length, int flags) = 0;

  // Any other event, with up to two numbers, or with bytes and a number.
  virtual void Add(StreamEvent::Kind, uint32_t, uint32_t) {}
  virtual void AddBytes(StreamEvent::Kind, std::string_view, uint32_t) {}

  // From a clean stack: tells what was not told at once. False when JavaScript cannot be called.
  virtual bool Tell() { return true; }
  virtual bool is_empty() const { return true; }
  // What is to be told, when that is only which messages were sent.
  virtual const std::vector<StreamEvent>* only_sent() const { return nullptr; }
  // That has been told.
  virtual void Forget() {}
  // Lets go of JavaScript.
  virtual void Release() {}
};

#endif
