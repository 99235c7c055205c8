#include "ss_stream.h"

#include <utility>

#include "addon_data.h"
#include "event_loop.h"
#include "lws_internals.h"
#include "ss_context.h"
#include "util/js_call.h"

namespace {

// Properties are there, but not in a worker that is being terminated: what Node-API then fails to
// give has no environment, and using it is fatal.
bool IsTrue(const Napi::Value& property) {
  return property.IsBoolean() && property.As<Napi::Boolean>();
}

Napi::FunctionReference Hold(const Napi::Value& property) {
  return property.IsFunction() ? Napi::Persistent(property.As<Napi::Function>())
                               : Napi::FunctionReference();
}

}  // namespace

Napi::Function SsStream::Define(Napi::Env env) {
  return DefineClass(env, "Stream",
                     {InstanceMethod<&SsStream::Open>("open"),
                      InstanceMethod<&SsStream::Send>("send"),
                      InstanceMethod<&SsStream::Provide>("provide"),
                      InstanceMethod<&SsStream::CancelSend>("cancelSend"),
                      InstanceMethod<&SsStream::Connect>("connect"),
                      InstanceMethod<&SsStream::Listen>("listen"),
                      InstanceMethod<&SsStream::RequestTx>("requestTx"),
                      InstanceMethod<&SsStream::Disconnect>("disconnect"),
                      InstanceMethod<&SsStream::Destroy>("destroy"),
                      InstanceMethod<&SsStream::SetReading>("setReading"),
                      InstanceMethod<&SsStream::SetMetadata>("setMetadata"),
                      InstanceMethod<&SsStream::GetMetadata>("getMetadata"),
                      InstanceMethod<&SsStream::AnswerNames>("answerNames"),
                      InstanceMethod<&SsStream::StartTimeout>("startTimeout"),
                      InstanceMethod<&SsStream::CancelTimeout>("cancelTimeout"),
                      InstanceMethod<&SsStream::ServerAck>("serverAck"),
                      InstanceMethod<&SsStream::AddPeerTxCredit>("addPeerTxCredit"),
                      InstanceMethod<&SsStream::PeerTxCredit>("peerTxCredit"),
                      InstanceMethod<&SsStream::Rideshare>("rideshare"),
                      InstanceMethod<&SsStream::Tag>("tag"),
                      InstanceMethod<&SsStream::KeepAnswer>("keepAnswer"),
                      InstanceMethod<&SsStream::GoodResponse>("goodResponse"),
                      InstanceMethod<&SsStream::Failure>("failure"),
                      InstanceMethod<&SsStream::FollowPolicy>("followPolicy"),
                      InstanceMethod<&SsStream::SetRef>("setRef")});
}

// (context, streamtype, { transactional, acknowledged, canSend, resend }, metadata,
// initialTxCredit?)
SsStream::SsStream(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SsStream>(info) {
  if (IsEmpty()) {
    AddonData::Of(info.Env())->Keep(this);
    return;
  }
  const auto context_object = info[0].As<Napi::Object>();
  context_ = SsContext::Unwrap(context_object);
  const auto traits = info[2].As<Napi::Object>();
  transactional_ = IsTrue(traits.Get("transactional"));
  acknowledged_ = IsTrue(traits.Get("acknowledged"));
  can_send_ = IsTrue(traits.Get("canSend"));
  resend_ = IsTrue(traits.Get("resend"));
  const Napi::Value credit = info[4];
  if (credit.IsNumber()) initial_tx_credit_ = credit.As<Napi::Number>().Int32Value();

  metadata_ = MetadataOver(NoMetadata(), info[3].As<Napi::Array>());

  // Its callbacks run where it was made, as far as AsyncLocalStorage is concerned.
  napi_async_init(Env(), info.This(), Napi::String::New(Env(), "SECURESTREAM"), &async_);
  // It has to outlive this; a property takes less than a reference.
  info.This().As<Napi::Object>().Set("context", context_object);
  streamtype_ = info[1].As<Napi::String>();
}

// Apart from the constructor, since the stream's own CREATING handler may use it. (handlers?)
Napi::Value SsStream::Open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info[0].IsObject()) {
    const auto handlers = info[0].As<Napi::Object>();
    handlers_ = std::make_unique<Handlers>(
        Handlers{Hold(handlers.Get("state")), Hold(handlers.Get("rx")), Hold(handlers.Get("tx"))});
  }
  if (!context_->is_open()) {
    ReleaseOwn();
    Napi::Error::New(env, "the context is closed").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Ref();
  context_->Add(this);
  if (Create(streamtype_)) return env.Undefined();
  if (doomed_) {
    // The CREATING handler wanted that.
    Schedule();
  } else {
    Release();
    Napi::Error::New(env, "libwebsockets could not create the stream").ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

bool SsStream::Create(const std::string& streamtype) {
  lws_ss_info_t info = {};
  info.streamtype = streamtype.c_str();
  info.user_alloc = sizeof(UserData);
  info.handle_offset = offsetof(UserData, handle);
  info.opaque_user_data_offset = offsetof(UserData, stream);
  info.manual_initial_tx_credit = initial_tx_credit_;
  info.rx = OnRx;
  info.tx = OnTx;
  info.state = OnState;
  // A transaction takes along what is sent right after its stream was opened.
  const bool connects_later = transactional_ && !handlers_;
  if (connects_later) info.flags = LWSSSINFLAGS_NO_CONNECT;

  policy_ = context_->policies().current();
  SsContext::ServiceScope scope(context_);
  // The handle is known from the first callback on, which lws_ss_create() makes.
  if (lws_ss_create(context_->lws(), 0, &info, this, &handle_, nullptr, nullptr) != 0 || !handle_)
    return false;
  if (connects_later && ssi_is_nailed_up(handle_)) {
    wanted_.transaction = true;
    Schedule();
  }
  return true;
}

bool SsStream::can_call_js() const { return context_->can_call_js() && !released_; }

void SsStream::Schedule() {
  if (scheduled_ || released_) return;
  scheduled_ = true;
  context_->Schedule(this);
}

void SsStream::AddEvent(StreamEvent::Kind kind, uint32_t a, uint32_t b) {
  events_.push_back({kind, a, b});
  Schedule();
}

void SsStream::AddEvent(StreamEvent::Kind kind, std::string_view bytes, uint32_t b) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  received_.insert(received_.end(), data, data + bytes.size());
  AddEvent(kind, static_cast<uint32_t>(bytes.size()), b);
}

lws_ss_state_return_t SsStream::OnState(void* user, void*, lws_ss_constate_t state,
                                        lws_ss_tx_ordinal_t ordinal) {
  // Every stream hears of every lws_cancel_service(); no application has a use for it.
  if (state == LWSSSCS_EVENT_WAIT_CANCELLED) return LWSSSSRET_OK;
  auto* data = static_cast<UserData*>(user);
  if (state == LWSSSCS_CREATING) data->stream->handle_ = data->handle;
  return data->stream->State(state, ordinal);
}

lws_ss_state_return_t SsStream::State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal) {
  lws_ss_handle* handle = handle_;
  switch (state) {
    case LWSSSCS_CREATING:
    case LWSSSCS_POLL:
      PrepareConnection();
      break;
    case LWSSSCS_CONNECTING:
      gave_up_ = answered_ = unreachable_ = false;
      failures_ = ssi_failures(handle_);
      ssi_forget_connection_failure(handle_);
      // What failed before there was a connection, or an answer, is tried again from its start.
      RewindTransaction();
      break;
    case LWSSSCS_CONNECTED:
      answered_ = true;
      ReadAnswer();
      connect_metadata_.reset();
      if (!outgoing_.empty()) PrepareMessage(outgoing_.front());
      if (keeps_answer_) AddHead();
      // lws counts from the beginning after any connection, also one that is of no use.
      if (fruitless_ || refused_) ssi_set_failures(handle_, failures_);
      heard_ = false;
      fruitless_ = !transactional_ && !outgoing_.empty();
      if (!reading_) wanted_.flow = true;
      // Only transactions ask for what they send by themselves.
      if (asked_for_tx_ && !transactional_) wanted_.request_tx = true;
      break;
    case LWSSSCS_UNREACHABLE:
      unreachable_ = true;
      if (keeps_answer_ && ssi_is_refusal(handle_)) {
        ReadAnswer();
        AddHead();
      }
      break;
    case LWSSSCS_DISCONNECTED:
      rest_ = 0;
      TakeBackPublishes();
      fruitless_ = fruitless_ && !outgoing_.empty();
      unreachable_ = fruitless_;
      refused_ = !heard_ && ssi_is_raw(handle_) && *ssi_connection_failure(handle_);
      // When it is being destroyed, that has been done.
      if (!doomed_) SettleLeaving();
      // The peer may have seen part of it, or all: whether to send it again is for the program to
      // say.
      DropStarted();
      break;
    case LWSSSCS_QOS_ACK_REMOTE:
    case LWSSSCS_QOS_NACK_REMOTE:
      if (keeps_answer_) AddTrailers();
      Settle(state, ordinal);
      break;
    case LWSSSCS_ALL_RETRIES_FAILED:
      gave_up_ = true;
      ssi_forget_length(handle_);
      connect_metadata_.reset();
      // What disconnect() ends has not failed, and what waits is for the next connection.
      if (disconnecting_) return LWSSSSRET_OK;
      ForgetMessages();
      break;
    case LWSSSCS_DESTROYING:
      handle_ = nullptr;
      break;
    default:
      break;
  }

  const bool begins_or_ends = state == LWSSSCS_CONNECTED || state == LWSSSCS_DISCONNECTED;
  if (!handlers_) {
    if (begins_or_ends) told_connected_ = state == LWSSSCS_CONNECTED;
    if (state == LWSSSCS_UNREACHABLE || state == LWSSSCS_DISCONNECTED) {
      std::string_view why = ssi_connection_failure(handle);
      if (why.empty() && state == LWSSSCS_DISCONNECTED && fruitless_)
        why = outgoing_.front().packet_id() ? "closed before anything was acknowledged"
                                            : "closed before anything could be sent";
      const uint16_t code = ssi_failure_code(handle);
      if (!why.empty() || code) AddEvent(StreamEvent::kFailure, why, code);
    }
    AddEvent(StreamEvent::kState, state, ordinal);
    return LWSSSSRET_OK;
  }

  Schedule();
  if (!can_call_js() || !CanTell(state)) return LWSSSSRET_OK;
  if (begins_or_ends) told_connected_ = state == LWSSSCS_CONNECTED;
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  JsCall::Make(env, async_, Value(), handlers_->state.Value(),
               {Napi::Number::New(env, state), Napi::Number::New(env, ordinal)});
  return state == LWSSSCS_CREATING && doomed_ ? LWSSSSRET_DESTROY_ME : LWSSSSRET_OK;
}

// What lws goes on with until a handler's wish is carried out is not for the handlers; what comes
// of it is.
bool SsStream::CanTell(lws_ss_constate_t state) const {
  return !(doomed_ || disconnecting_) || state == LWSSSCS_DESTROYING ||
         (state == LWSSSCS_DISCONNECTED && told_connected_);
}

// What lws answers to a call of ours.
void SsStream::Heed(lws_ss_state_return_t answer) {
  if (answer != LWSSSSRET_DESTROY_ME) return;
  doomed_ = wanted_.destroy = true;
  Schedule();
}

lws_ss_state_return_t SsStream::OnRx(void* user, const uint8_t* data, size_t length, int flags) {
  SsStream* self = static_cast<UserData*>(user)->stream;
  self->heard_ = true;
  if (self->doomed_ || self->disconnecting_) return LWSSSSRET_OK;
  if (self->handlers_) return self->CallRx(data, length, flags);
  if (ssi_may_lose_received(self->handle_)) flags |= StreamEvent::kMayBeLost;
  if ((flags & LWSSS_FLAG_EOM) && self->keeps_answer_) self->AddTrailers();
  self->rest_ = ssi_rest_of_frame(self->handle_);
  self->AddEvent(StreamEvent::kRx, {reinterpret_cast<const char*>(data), length},
                 static_cast<uint32_t>(flags));
  return LWSSSSRET_OK;
}

lws_ss_state_return_t SsStream::CallRx(const uint8_t* data, size_t length, int flags) {
  if (!can_call_js()) return LWSSSSRET_OK;
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  const auto buffer = Napi::Buffer<uint8_t>::Copy(env, data, length);
  JsCall::Make(env, async_, Value(), handlers_->rx.Value(),
               {buffer, Napi::Number::New(env, flags)});
  return LWSSSSRET_OK;
}

lws_ss_state_return_t SsStream::OnTx(void* user, lws_ss_tx_ordinal_t ordinal, uint8_t* into,
                                     size_t* length, int* flags) {
  SsStream* self = static_cast<UserData*>(user)->stream;
  self->asked_for_tx_ = false;
  if (self->leaving_.count) {
    self->SettleLeaving();
    self->Schedule();
  }
  if (self->doomed_ || self->disconnecting_ || !self->can_send_) return LWSSSSRET_TX_DONT_SEND;
  return self->handlers_ ? self->TxHandler(ordinal, into, length, flags)
                         : self->TxMessage(ordinal, into, length, flags);
}

lws_ss_state_return_t SsStream::TxHandler(lws_ss_tx_ordinal_t ordinal, uint8_t* into,
                                          size_t* length, int* flags) {
  if (!can_call_js()) return LWSSSSRET_TX_DONT_SEND;
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  napi_value returned = JsCall::Make(
      env, async_, Value(), handlers_->tx.Value(),
      {Napi::Number::New(env, static_cast<double>(*length)), Napi::Number::New(env, ordinal)});
  if (!returned || doomed_ || disconnecting_) return LWSSSSRET_TX_DONT_SEND;

  const Napi::Value value(env, returned);
  if (!value.IsArray()) return LWSSSSRET_TX_DONT_SEND;
  // [bytes, flags], which lib/ has checked to fit.
  const auto answer = value.As<Napi::Array>();
  const Napi::Value first = answer.Get(0u);
  const Napi::Value second = answer.Get(1u);
  // There always are two, but not in a worker that is being terminated.
  if (first.IsEmpty() || second.IsEmpty()) return LWSSSSRET_TX_DONT_SEND;
  const auto bytes = first.As<Napi::Uint8Array>();
  const size_t n = std::min(*length, bytes.ByteLength());
  if (n) memcpy(into, bytes.Data(), n);
  *length = n;
  *flags = second.As<Napi::Number>().Int32Value();
  return LWSSSSRET_OK;
}

void SsStream::Tell() {
  if (released_) return;
  const bool over = !handle_;
  if (!events_.empty() && can_call_js()) {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    telling_.swap(events_);
    handing_over_.swap(received_);
    if (!TellInParts()) return;
    telling_.clear();
    handing_over_.clear();
    // What a burst took is not kept.
    if (handing_over_.capacity() > EventDelivery::kSmallBytes && !rest_)
      std::vector<uint8_t>().swap(handing_over_);
  }
  if (over && !scheduled_ && events_.empty()) Release();
}

// Small messages together, and each large one by itself, so that it can be collected.
bool SsStream::TellInParts() {
  const Napi::Object self = Value();
  StreamEvents part = {telling_.data(), 0, handing_over_.data(), 0};
  const auto tell = [&](size_t rest) {
    if (!can_call_js() || !context_->delivery().Deliver(Env(), async_, self, part, &message_, rest))
      return false;
    part = {part.events + part.count, 0, part.bytes + part.length, 0};
    return true;
  };
  for (const StreamEvent& event : telling_) {
    const size_t length = event.bytes();
    if (part.length && part.length + length > EventDelivery::kSmallBytes && !tell(0)) return false;
    part.count++;
    part.length += length;
  }
  return tell(rest_);
}

void SsStream::Release() {
  if (released_) return;
  released_ = true;
  context_->Remove(this);
  policy_.reset();
  ForgetMessages();
  ReleaseOwn();
  if (AddonData::Of(Env())->can_call_js()) Unref();
}

void SsStream::ReleaseOwn() {
  released_ = true;
  if (handlers_) *handlers_ = {};
  if (async_) napi_async_destroy(Env(), async_);
  async_ = nullptr;
}
