// An event loop without lws, as an object for JavaScript.
#ifndef LWS_SS_TEST_UNIT_LOOP_NATIVE_TEST_LOOP_H_
#define LWS_SS_TEST_UNIT_LOOP_NATIVE_TEST_LOOP_H_

#include <napi.h>

#include <initializer_list>

#include "fake_lws.h"
#include "loop/event_loop.h"
#include "loop/loop_client.h"
#include "loop/request_counter.h"

class TestLoop : public Napi::ObjectWrap<TestLoop>, private LoopClient, private RequestCounter {
 public:
  static Napi::Function Define(Napi::Env env);

  // ({ service(socket, readable, writable), due(), lost(socket), left(), closed() })
  explicit TestLoop(const Napi::CallbackInfo& info);

 private:
  void Turn() override;
  void Enter() override { depth_++; }
  void Leave() override;
  void RequestStarted() override {}
  void RequestDone() override {}

  void Call(const char* name, std::initializer_list<napi_value> arguments);

  // (socket, isConnecting): whether the loop watches it.
  Napi::Value Adopt(const Napi::CallbackInfo& info);
  // (socket)
  Napi::Value CloseSocket(const Napi::CallbackInfo& info);
  // (socket, 'read' or 'write', on)
  Napi::Value Want(const Napi::CallbackInfo& info);
  // (socket, whether lws has bytes that the socket did not take)
  Napi::Value SetBuffered(const Napi::CallbackInfo& info);
  // (socket, how often it can be read again without its socket)
  Napi::Value SetReadAhead(const Napi::CallbackInfo& info);
  // (ms from now, when due() is to be called; 0 for never)
  Napi::Value SetTimer(const Napi::CallbackInfo& info);
  Napi::Value Force(const Napi::CallbackInfo& info);
  Napi::Value RequestTurn(const Napi::CallbackInfo& info);
  // (on)
  Napi::Value KeepAlive(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value Counts(const Napi::CallbackInfo& info);

  EventLoop* loop_;
  lws_context lws_;
  Napi::ObjectReference listener_;
  Napi::AsyncContext async_;
  int depth_ = 0;
  int turns_ = 0;
};

#endif
