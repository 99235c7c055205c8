// Passes calls from JavaScript to an event loop, and from the loop to JavaScript.
#include "test_loop.h"

#include "sockets.h"

namespace {

lws_sockfd_type SocketOf(const Napi::Value& value) {
  return static_cast<lws_sockfd_type>(value.As<Napi::Number>().Int64Value());
}

uv_loop_t* LoopOf(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  return loop;
}

}  // namespace

Napi::Function TestLoop::Define(Napi::Env env) {
  return DefineClass(
      env, "TestLoop",
      {InstanceMethod<&TestLoop::Adopt>("adopt"),
       InstanceMethod<&TestLoop::CloseSocket>("closeSocket"),
       InstanceMethod<&TestLoop::Want>("want"),
       InstanceMethod<&TestLoop::SetBuffered>("setBuffered"),
       InstanceMethod<&TestLoop::SetReadAhead>("setReadAhead"),
       InstanceMethod<&TestLoop::SetTimer>("setTimer"), InstanceMethod<&TestLoop::Force>("force"),
       InstanceMethod<&TestLoop::RequestTurn>("requestTurn"),
       InstanceMethod<&TestLoop::KeepAlive>("keepAlive"),
       InstanceMethod<&TestLoop::Close>("close"), InstanceMethod<&TestLoop::Counts>("counts")});
}

TestLoop::TestLoop(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<TestLoop>(info),
      loop_(new EventLoop(LoopOf(info.Env()), this, this)),
      lws_(loop_),
      listener_(Napi::Persistent(info[0].As<Napi::Object>())),
      async_(info.Env(), "TestLoop") {
  loop_->SetContext(&lws_);
  lws_.service = [this](lws_sockfd_type fd, bool readable, bool writable) {
    const Napi::HandleScope scope(Env());
    if (fd == LWS_SOCK_INVALID)
      Call("due", {});
    else
      Call("service",
           {Napi::Number::New(Env(), static_cast<double>(fd)), Napi::Boolean::New(Env(), readable),
            Napi::Boolean::New(Env(), writable)});
  };
  lws_.lose = [this](lws_sockfd_type fd) {
    const Napi::HandleScope scope(Env());
    Call("lost", {Napi::Number::New(Env(), static_cast<double>(fd))});
  };
  Ref();
}

void TestLoop::Call(const char* name, std::initializer_list<napi_value> arguments) {
  const Napi::HandleScope scope(Env());
  const Napi::Object listener = listener_.Value();
  const Napi::Value function = listener.Get(name);
  if (!function.IsFunction()) return;
  function.As<Napi::Function>().MakeCallback(listener, arguments, async_);
  if (Env().IsExceptionPending())
    napi_fatal_exception(Env(), Env().GetAndClearPendingException().Value());
}

void TestLoop::Turn() {
  turns_++;
  loop_->ServicePending();
}

void TestLoop::Leave() {
  if (--depth_ == 0) Call("left", {});
}

Napi::Value TestLoop::Adopt(const Napi::CallbackInfo& info) {
  const bool watched = lws_.Adopt(SocketOf(info[0]), info[1].ToBoolean());
  return Napi::Boolean::New(info.Env(), watched);
}

Napi::Value TestLoop::CloseSocket(const Napi::CallbackInfo& info) {
  lws_.Close(SocketOf(info[0]));
  return info.Env().Undefined();
}

Napi::Value TestLoop::Want(const Napi::CallbackInfo& info) {
  const bool reads = info[1].As<Napi::String>().Utf8Value() == "read";
  const bool on = info[2].ToBoolean();
  lws_.Io(SocketOf(info[0]),
          (on ? LWS_EV_START : LWS_EV_STOP) | (reads ? LWS_EV_READ : LWS_EV_WRITE));
  return info.Env().Undefined();
}

Napi::Value TestLoop::SetBuffered(const Napi::CallbackInfo& info) {
  const auto found = lws_.sockets.find(SocketOf(info[0]));
  if (found != lws_.sockets.end()) found->second->is_buffered = info[1].ToBoolean();
  return info.Env().Undefined();
}

Napi::Value TestLoop::SetReadAhead(const Napi::CallbackInfo& info) {
  const auto found = lws_.sockets.find(SocketOf(info[0]));
  if (found != lws_.sockets.end())
    found->second->read_ahead = info[1].As<Napi::Number>().Int32Value();
  return info.Env().Undefined();
}

Napi::Value TestLoop::SetTimer(const Napi::CallbackInfo& info) {
  const uint32_t in = info[0].As<Napi::Number>().Uint32Value();
  lws_.deadline = in == 0 ? 0 : uv_now(uv_default_loop()) + in;
  loop_->RequestTurn();
  return info.Env().Undefined();
}

Napi::Value TestLoop::Force(const Napi::CallbackInfo& info) {
  lws_.forced = true;
  loop_->RequestTurn();
  return info.Env().Undefined();
}

Napi::Value TestLoop::RequestTurn(const Napi::CallbackInfo& info) {
  loop_->RequestTurn();
  return info.Env().Undefined();
}

Napi::Value TestLoop::KeepAlive(const Napi::CallbackInfo& info) {
  loop_->KeepAlive(info[0].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value TestLoop::Close(const Napi::CallbackInfo& info) {
  loop_->Close([this] {
    for (const auto& socket : lws_.sockets) ::CloseSocket(socket.first);
    Call("closed", {});
    Unref();
  });
  return info.Env().Undefined();
}

Napi::Value TestLoop::Counts(const Napi::CallbackInfo& info) {
  Napi::Object counts = Napi::Object::New(info.Env());
  counts.Set("pollStarts", poll_starts);
  counts.Set("timerStarts", timer_starts);
  counts.Set("turns", turns_);
  counts.Set("forced", lws_.services_forced);
  counts.Set("acknowledgements", lws_.acknowledgements);
  return counts;
}
