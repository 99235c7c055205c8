// An exchange whose stream and link are one object of JavaScript, as an object for JavaScript.
#ifndef LWS_SS_TEST_UNIT_EXCHANGE_NATIVE_TEST_EXCHANGE_H_
#define LWS_SS_TEST_UNIT_EXCHANGE_NATIVE_TEST_EXCHANGE_H_

#include <napi.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "stream/exchange.h"
#include "stream/handler_sink.h"

class TestExchange : public Napi::ObjectWrap<TestExchange>,
                     private Exchange::Host,
                     private Sink::Host {
 public:
  static Napi::Function Define(Napi::Env env);

  // (stream, kind, resend), or (stream, handlers)
  explicit TestExchange(const Napi::CallbackInfo& info);

  // Calls a function of the stream.
  Napi::Value Call(const char* name, std::initializer_list<napi_value> arguments = {}) const;
  double Number(const char* name, std::initializer_list<napi_value> arguments = {}) const;
  bool Is(const char* name) const { return Number(name) != 0; }
  Napi::Value Value(double number) const { return Napi::Number::New(Env(), number); }

 private:
  struct Link : ss_link {
    TestExchange* test;
  };
  static const ss_link_ops kOps;
  static const TestExchange* Of(const ss_link* link) {
    return static_cast<const Link*>(link)->test;
  }
  static ss_link_ops MakeOps();

  void Heed(lws_ss_state_return_t answer) override { Call("heed", {Value(answer)}); }
  void AddEvent(StreamEvent::Kind kind, uint32_t a, uint32_t b) override;
  void Schedule() override { Call("schedule"); }
  void Disconnect() override { Call("disconnect"); }
  void PrepareConnection() override { Call("prepareConnection"); }
  void PrepareMessage(const Metadata& values) override;
  void BeginAnew() override { Call("beginAnew"); }
  void NoteUse() override { Call("noteUse"); }
  bool is_connected() const override { return Is("isConnected"); }
  bool is_closing() const override { return Is("isClosing"); }
  bool is_reading() const override { return Is("isReading"); }

  Napi::Env env() const override { return Env(); }
  napi_async_context async() const override { return async_; }
  Napi::Object object() override { return stream_.Value(); }
  EventDelivery& delivery() override { return delivery_; }
  bool can_call_js() const override { return true; }

  Metadata WithTopic(const Napi::Value& topic) const;
  Napi::String TopicOf(const Metadata& values) const;

  // (id, bytes or length, topic, binary?)
  Napi::Value Send(const Napi::CallbackInfo& info);
  // (id, piece, bytes)
  Napi::Value Provide(const Napi::CallbackInfo& info);
  // (id)
  Napi::Value Cancel(const Napi::CallbackInfo& info);
  // (kind)
  Napi::Value SetKind(const Napi::CallbackInfo& info);
  // (ordinal, room): { bytes, flags }, or nothing
  Napi::Value Tx(const Napi::CallbackInfo& info);
  // (ordinal)
  Napi::Value Acknowledged(const Napi::CallbackInfo& info);
  Napi::Value Refused(const Napi::CallbackInfo& info);
  Napi::Value SettleWritten(const Napi::CallbackInfo& info);
  Napi::Value IsEmpty(const Napi::CallbackInfo& info);
  Napi::Value IsSentAgain(const Napi::CallbackInfo& info);
  // (whether the last attempt was answered)
  Napi::Value WantsRetry(const Napi::CallbackInfo& info);
  // (topic now, topic when a connection was asked for?)
  Napi::Value TopicToConnect(const Napi::CallbackInfo& info);
  // Those without arguments and results.
  template <void (Exchange::*function)()>
  Napi::Value Do(const Napi::CallbackInfo& info) {
    (exchange_.get()->*function)();
    return info.Env().Undefined();
  }

  Napi::ObjectReference stream_;
  Napi::AsyncContext async_;
  EventDelivery delivery_;
  Link link_ = {};
  std::unique_ptr<HandlerSink> handlers_;
  std::unique_ptr<Exchange> exchange_;
};

#endif
