// A stream's life: how it begins and how it ends.
#include "stream/ss_stream.h"

#include <utility>

#include "context/ss_context.h"
#include "lws/deflate.h"
#include "node/addon_data.h"
#include "stream/deferred_sink.h"
#include "stream/handler_exchange.h"
#include "stream/handler_sink.h"
#include "stream/message_exchange.h"
#include "stream/publish_exchange.h"
#include "stream/request_exchange.h"
#include "stream/response_exchange.h"

const ss_link_calls SsStream::kCalls = {OnRx, OnTx, OnState, OnAccept};

Napi::Function SsStream::Define(Napi::Env env) {
  return DefineClass(env, "Stream",
                     {InstanceMethod<&SsStream::Open>("open"),
                      InstanceMethod<&SsStream::Send>("send"),
                      InstanceMethod<&SsStream::Provide>("provide"),
                      InstanceMethod<&SsStream::CancelSend>("cancelSend"),
                      InstanceMethod<&SsStream::Connect>("connect"),
                      InstanceMethod<&SsStream::EndConnecting>("endConnecting"),
                      InstanceMethod<&SsStream::Listen>("listen"),
                      InstanceMethod<&SsStream::RequestTx>("requestTx"),
                      InstanceMethod<&SsStream::DisconnectByProgram>("disconnect"),
                      InstanceMethod<&SsStream::Close>("close"),
                      InstanceMethod<&SsStream::EndSending>("endSending"),
                      InstanceMethod<&SsStream::Destroy>("destroy"),
                      InstanceMethod<&SsStream::SetReading>("setReading"),
                      InstanceMethod<&SsStream::SetMetadata>("setMetadata"),
                      InstanceMethod<&SsStream::GetMetadata>("getMetadata"),
                      InstanceMethod<&SsStream::AnswerNames>("answerNames"),
                      InstanceMethod<&SsStream::StartTimeout>("startTimeout"),
                      InstanceMethod<&SsStream::CancelTimeout>("cancelTimeout"),
                      InstanceMethod<&SsStream::ServerAck>("serverAck"),
                      InstanceMethod<&SsStream::Respond>("respond"),
                      InstanceMethod<&SsStream::EndResponse>("endResponse"),
                      InstanceMethod<&SsStream::AddPeerTxCredit>("addPeerTxCredit"),
                      InstanceMethod<&SsStream::PeerTxCredit>("peerTxCredit"),
                      InstanceMethod<&SsStream::Rideshare>("rideshare"),
                      InstanceMethod<&SsStream::ListenPort>("listenPort"),
                      InstanceMethod<&SsStream::ListenAddresses>("listenAddresses"),
                      InstanceMethod<&SsStream::StopListening>("stopListening"),
                      InstanceMethod<&SsStream::CarriesStreams>("carriesStreams"),
                      InstanceMethod<&SsStream::UseIdentity>("useIdentity"),
                      InstanceMethod<&SsStream::Peer>("peer"),
                      InstanceMethod<&SsStream::PeerCertificate>("peerCertificate"),
                      InstanceMethod<&SsStream::Tls>("tls"),
                      InstanceMethod<&SsStream::Tag>("tag"),
                      InstanceMethod<&SsStream::KeepAnswer>("keepAnswer"),
                      InstanceMethod<&SsStream::GoodResponse>("goodResponse"),
                      InstanceMethod<&SsStream::Failure>("failure"),
                      InstanceMethod<&SsStream::Whom>("whom"),
                      InstanceMethod<&SsStream::FollowPolicy>("followPolicy"),
                      InstanceMethod<&SsStream::SetRef>("setRef")});
}

// (context, streamtype, kind, metadata, initialTxCredit?, resend?, deflate?)
SsStream::SsStream(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SsStream>(info) {
  if (IsEmpty()) {
    AddonData::Of(info.Env())->Keep(this);
    return;
  }
  const auto context_object = info[0].As<Napi::Object>();
  context_ = SsContext::Unwrap(context_object);
  kind_ = Kind::Read(info[2].As<Napi::Object>());
  const Napi::Value credit = info[4];
  if (credit.IsNumber()) initial_tx_credit_ = credit.As<Napi::Number>().Int32Value();
  const Napi::Value resend = info[5];
  deflate_ = DeflateOf(info[6]);
  link_.calls = &kCalls;
  link_.stream = this;
  Sink::Host* const host = this;
  sink_ = std::make_unique<DeferredSink>(host, &link_);
  exchange_ = MakeExchange(resend.IsBoolean() && resend.As<Napi::Boolean>());

  metadata_ = MetadataOver(NoMetadata(), info[3].As<Napi::Array>());

  // Its callbacks run where it was made, as far as AsyncLocalStorage is concerned.
  napi_async_init(Env(), info.This(), Napi::String::New(Env(), "SECURESTREAM"), &async_);
  // The context has to outlive the stream; a property takes less memory than a reference.
  info.This().As<Napi::Object>().Set("context", context_object);
  streamtype_ = info[1].As<Napi::String>();
}

// A stream that was never opened has not released its async context yet.
SsStream::~SsStream() { ReleaseAsync(); }

std::unique_ptr<Exchange> SsStream::MakeExchange(bool resend) {
  Exchange::Host* const host = this;
  switch (kind_.exchange) {
    case Kind::Exchange::kRequests:
      return std::make_unique<RequestExchange>(host, &link_, kind_);
    case Kind::Exchange::kResponses:
      return std::make_unique<ResponseExchange>(host, &link_, kind_);
    case Kind::Exchange::kPublishes:
      return std::make_unique<PublishExchange>(host, &link_, kind_, resend);
    default:
      return std::make_unique<MessageExchange>(host, &link_, kind_);
  }
}

// [maxPayload, serverBits, clientBits, serverForgets, clientForgets]
std::unique_ptr<lws_ss_ws_deflate_t> SsStream::DeflateOf(const Napi::Value& given) {
  if (!given.IsArray()) return nullptr;
  const auto list = given.As<Napi::Array>();
  int64_t numbers[5];
  for (uint32_t n = 0; n < 5; n++) {
    const Napi::Value number = list.Get(n);
    // It always is one, but not in a worker that is being terminated.
    if (!number.IsNumber()) return nullptr;
    numbers[n] = number.As<Napi::Number>().Int64Value();
  }
  auto deflate = std::make_unique<lws_ss_ws_deflate_t>();
  deflate->max_message = static_cast<uint64_t>(numbers[0]);
  deflate->server_bits = static_cast<uint8_t>(numbers[1]);
  deflate->client_bits = static_cast<uint8_t>(numbers[2]);
  deflate->server_forgets = static_cast<uint8_t>(numbers[3]);
  deflate->client_forgets = static_cast<uint8_t>(numbers[4]);
  return deflate;
}

void SsStream::UseHandlers(const Napi::Object& handlers) {
  Sink::Host* const host = this;
  const Exchange::Host* const exchange_host = this;
  auto sink = std::make_unique<HandlerSink>(host, handlers);
  exchange_ = std::make_unique<HandlerExchange>(exchange_host, sink.get());
  sink_ = std::move(sink);
  has_handlers_ = true;
}

// (handlers?, accept?, {sharesPort, deflates, limits}?). The constructor does not do this, since
// the CREATING handler may use the stream.
Napi::Value SsStream::Open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (life_ != Life::kUnopened) {
    Napi::Error::New(env, "the stream is open already, or destroyed").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  if (!context_->is_open()) {
    ReleaseOwn();
    Napi::Error::New(env, "the context is closed").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  if (info[0].IsObject()) UseHandlers(info[0].As<Napi::Object>());
  if (info[1].IsFunction()) accept_ = Napi::Persistent(info[1].As<Napi::Function>());
  const std::optional<Listening> listening = ListeningOf(info[2]);
  if ((deflate_ || (listening && listening->limits.deflates)) && !deflate_is_there()) {
    ReleaseOwn();
    Napi::Error::New(env, "this process has no zlib for permessage-deflate")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Begin();
  if (Create(listening)) return env.Undefined();
  if (life_ == Life::kDoomed) {
    // The CREATING handler has destroyed it.
    Schedule();
  } else {
    Release();
    ThrowNotCreated();
  }
  return env.Undefined();
}

// Of a listener, with the system's reason why it cannot listen.
void SsStream::ThrowNotCreated() {
  const Napi::Error error = Napi::Error::New(Env(), "libwebsockets could not create the stream");
  const int reason = local_link_listen_error(context_->lws());
  if (reason) error.Set("errno", Napi::Number::New(Env(), reason));
  error.ThrowAsJavaScriptException();
}

// From here on the context has the stream, until Release().
void SsStream::Begin() {
  life_ = Life::kOpen;
  Ref();
  context_->Add(this);
}

bool SsStream::Create(const std::optional<Listening>& listening) {
  const bool connects_later = exchange_->waits_for_first();
  const ss_link_info info = {streamtype_.c_str(),
                             initial_tx_credit_,
                             connects_later,
                             listening && listening->shares_port,
                             listening ? &listening->limits : nullptr,
                             deflate_.get()};

  policy_ = context_->policies().current();
  SsContext::ServiceScope scope(context_);
  if (!local_link_create(context_->lws(), &link_, &info)) return false;
  if (connects_later && kind_.nailed_up) {
    wishes_.connect_if_idle = true;
    Schedule();
  }
  return true;
}

bool SsStream::can_call_js() const { return context_->can_call_js() && !is_released(); }

EventDelivery& SsStream::delivery() { return context_->delivery(); }

// What an unopened stream is asked for is done once it is open: CREATING schedules it.
void SsStream::Schedule() {
  if (is_scheduled_ || life_ == Life::kUnopened || is_released()) return;
  is_scheduled_ = true;
  context_->Schedule(this);
}

void SsStream::AddEvent(StreamEvent::Kind kind, uint32_t a, uint32_t b) {
  const bool has_status = kind == StreamEvent::kRefused && kind_.is_transactional();
  sink_->Add(kind, a, has_status ? link_.ops->answer(&link_).status : b);
}

void SsStream::DropStarted() {
  // When the stream is destroyed, lib/ rejects all promises that are left.
  if (life_ != Life::kDoomed) exchange_->DropStarted();
}

// What lws answers to a call of ours.
void SsStream::Heed(lws_ss_state_return_t answer) {
  if (answer == LWSSSSRET_DESTROY_ME) Doom();
}

void SsStream::Doom() {
  if (life_ == Life::kUnopened) ReleaseOwn();
  if (is_released()) return;
  life_ = Life::kDoomed;
  Schedule();
}

void SsStream::Disconnect() {
  if (life_ == Life::kOpen) life_ = Life::kClosing;
  wishes_.disconnect = true;
  Schedule();
}

void SsStream::BeginAnew() {
  if (attempt_ != Attempt::kGaveUp) return;
  attempt_ = Attempt::kNone;
  link_.ops->set_failures(&link_, 0);
}

void SsStream::NoteUse() { use_.Note(&link_); }

lws_ss_state_return_t SsStream::OnRx(void* user, const uint8_t* data, size_t length, int flags) {
  SsStream* self = Of(ss_link_of(user));
  self->use_.Heard();
  if (self->is_closing()) return LWSSSSRET_OK;
  if ((flags & LWSSS_FLAG_EOM) && self->has_trailers()) self->AddTrailers();
  self->Schedule();
  if (self->kind_.exchange == Kind::Exchange::kBytes && !length && (flags & LWSSS_FLAG_EOM)) {
    self->is_peer_done_ = true;
    self->sink_->Add(StreamEvent::kEnded, 0, 0);
  } else {
    self->sink_->Received(data, length, flags);
  }
  return LWSSSSRET_OK;
}

lws_ss_state_return_t SsStream::OnTx(void* user, lws_ss_tx_ordinal_t ordinal, uint8_t* into,
                                     size_t* length, int* flags) {
  SsStream* self = Of(ss_link_of(user));
  self->awaits_tx_ = false;
  if (self->exchange_->SettleWritten() || self->is_peer_done_ || self->ending_) self->Schedule();
  if (self->is_closing() || !self->kind_.can_send) return LWSSSSRET_TX_DONT_SEND;
  return self->exchange_->Tx(ordinal, into, length, flags);
}

bool SsStream::TakeSent(std::vector<uint32_t>* numbers) {
  if (is_released()) return false;
  const std::vector<StreamEvent>* sent = sink_->only_sent();
  if (!sent) return false;
  numbers->push_back(static_cast<uint32_t>(sent->size()));
  for (const StreamEvent& event : *sent) numbers->push_back(event.a);
  sink_->Forget();
  return true;
}

void SsStream::Tell() {
  if (is_released()) return;
  const bool is_over = !is_there();
  if (sink_->Tell() && is_over && !is_scheduled_ && sink_->is_empty()) Release();
}

void SsStream::Release() {
  if (is_released()) return;
  life_ = Life::kReleased;
  context_->Remove(this);
  policy_.reset();
  exchange_->Clear();
  ReleaseOwn();
  if (AddonData::Of(Env())->can_call_js()) Unref();
}

void SsStream::ReleaseOwn() {
  life_ = Life::kReleased;
  sink_->Release();
  accept_.Reset();
  ReleaseAsync();
}

void SsStream::ReleaseAsync() {
  if (async_) napi_async_destroy(Env(), async_);
  async_ = nullptr;
}
