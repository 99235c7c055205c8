// What JavaScript calls on a stream. Whatever enters lws is noted here and done in Work().
#include <utility>

#include "context/ss_context.h"
#include "node/latin1.h"
#include "stream/ss_stream.h"

namespace {

uint64_t LengthIn(const Napi::Value& value) {
  return value.IsNumber() ? static_cast<uint64_t>(value.As<Napi::Number>().Int64Value())
                          : SS_LINK_OPEN_LENGTH;
}

}  // namespace

// (bytes, id, metadata?, binary?). Instead of bytes, the length of a message whose bytes are
// provided when they are wanted; undefined when that is not known either.
Napi::Value SsStream::Send(const Napi::CallbackInfo& info) {
  if (!is_there() || life_ == Life::kDoomed) return info.Env().Undefined();
  const uint32_t id = info[1].As<Napi::Number>().Uint32Value();
  OutgoingMessage message = info[0].IsTypedArray()
                                ? OutgoingMessage(id, metadata_, info[0].As<Napi::Uint8Array>())
                                : OutgoingMessage(id, metadata_, LengthIn(info[0]));
  if (info[2].IsArray()) message.SetMetadata(info[2].As<Napi::Array>());
  if (info[3].IsBoolean())
    message.SetFrameKind(info[3].As<Napi::Boolean>() ? FrameKind::kBinary : FrameKind::kText);
  exchange_->Send(std::move(message));
  Schedule();
  link_.ops->prefetch(&link_);
  return info.Env().Undefined();
}

void SsStream::SendShared(uint32_t id, const SharedBytes& bytes, FrameKind kind) {
  if (!is_there() || life_ == Life::kDoomed) return;
  OutgoingMessage message(id, metadata_, bytes);
  message.SetFrameKind(kind);
  exchange_->Send(std::move(message));
  Schedule();
}

// (id, piece, bytes?)
Napi::Value SsStream::Provide(const Napi::CallbackInfo& info) {
  exchange_->Provide(info[0].As<Napi::Number>().Uint32Value(),
                     info[1].As<Napi::Number>().Uint32Value(), info[2]);
  return info.Env().Undefined();
}

// (id)
Napi::Value SsStream::CancelSend(const Napi::CallbackInfo& info) {
  exchange_->Cancel(info[0].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

Napi::Value SsStream::Connect(const Napi::CallbackInfo& info) {
  wishes_.connect = true;
  awaits_connection_ = !is_connected() || is_closing();
  connect_metadata_ = metadata_;
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::EndConnecting(const Napi::CallbackInfo& info) {
  wishes_.connect = false;
  awaits_connection_ = false;
  connect_metadata_.reset();
  Disconnect();
  return info.Env().Undefined();
}

Napi::Value SsStream::Listen(const Napi::CallbackInfo& info) {
  wishes_.connect_if_idle = true;
  const bool is_first = is_there() && exchange_->is_empty() && phase() == SS_LINK_IDLE;
  if (is_first && !connect_metadata_) connect_metadata_ = metadata_;
  Schedule();
  return info.Env().Undefined();
}

// (length?)
Napi::Value SsStream::RequestTx(const Napi::CallbackInfo& info) {
  wishes_.request_tx = true;
  connect_metadata_ = metadata_;
  if (info[0].IsNumber())
    wishes_.tx_length = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::DisconnectByProgram(const Napi::CallbackInfo& info) {
  // What comes after this call is for the next connection.
  wishes_ = {};
  awaits_connection_ = false;
  connect_metadata_.reset();
  ending_.reset();
  exchange_->Clear();
  Disconnect();
  return info.Env().Undefined();
}

Napi::Value SsStream::Destroy(const Napi::CallbackInfo& info) {
  Doom();
  return info.Env().Undefined();
}

// (on)
Napi::Value SsStream::SetReading(const Napi::CallbackInfo& info) {
  is_reading_ = info[0].As<Napi::Boolean>();
  wishes_.set_reading = true;
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::StartTimeout(const Napi::CallbackInfo& info) {
  if (is_there()) {
    link_.ops->start_timeout(&link_, info[0].As<Napi::Number>().Uint32Value());
    context_->loop()->RequestTurn();
  }
  return info.Env().Undefined();
}

Napi::Value SsStream::CancelTimeout(const Napi::CallbackInfo& info) {
  if (is_there()) link_.ops->cancel_timeout(&link_);
  return info.Env().Undefined();
}

Napi::Value SsStream::ServerAck(const Napi::CallbackInfo& info) {
  if (is_there()) link_.ops->server_ack(&link_, info[0].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

// (status, fields, length?, metadata?): fields are lines of the form name:value
Napi::Value SsStream::Respond(const Napi::CallbackInfo& info) {
  ResponseHead head;
  head.status = info[0].As<Napi::Number>().Uint32Value();
  head.fields = Latin1(info[1]);
  if (info[2].IsNumber())
    head.length = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  head.metadata =
      info[3].IsArray() ? MetadataOver(metadata_, info[3].As<Napi::Array>()) : metadata_;
  exchange_->Respond(std::move(head));
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::EndResponse(const Napi::CallbackInfo& info) {
  exchange_->EndResponse();
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::AddPeerTxCredit(const Napi::CallbackInfo& info) {
  if (is_there()) link_.ops->add_peer_credit(&link_, info[0].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

Napi::Value SsStream::PeerTxCredit(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), is_there() ? link_.ops->peer_credit(&link_) : 0);
}

Napi::Value SsStream::Rideshare(const Napi::CallbackInfo& info) {
  if (!is_there()) return info.Env().Undefined();
  return Napi::String::New(info.Env(), link_.ops->rideshare(&link_));
}

Napi::Value SsStream::Tag(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), is_there() ? link_.ops->tag(&link_) : "");
}

// Of each answer, what it says besides its payload is told; and the last 429 or 503 is one.
Napi::Value SsStream::KeepAnswer(const Napi::CallbackInfo& info) {
  keeps_answer_ = true;
  if (is_there()) link_.ops->want_refusal(&link_);
  return info.Env().Undefined();
}

Napi::Value SsStream::GoodResponse(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), is_there() && link_.ops->answer(&link_).is_good);
}

// [what is known of it, what kind of failure].
Napi::Value SsStream::Failure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ss_link_failure last =
      is_there() ? link_.ops->failure(&link_) : ss_link_failure{"", "", 0, 0, 0};
  const auto reason = Napi::String::New(env, Written(last, last.reason));
  auto failure = Napi::Array::New(env, 2);
  // They are there, but not in a worker that is being terminated.
  if (reason.IsEmpty() || failure.IsEmpty()) return env.Undefined();
  failure.Set(0u, reason);
  failure.Set(1u, Napi::Number::New(env, last.code));
  return failure;
}

// [endpoint, the how manieth attempt], "" for nobody yet.
Napi::Value SsStream::Whom(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ss_link_failure last =
      is_there() ? link_.ops->failure(&link_) : ss_link_failure{"", nullptr, 0, 1, 0};
  // While it waits for the next attempt, that one has not begun.
  const bool waits = is_there() && link_.ops->phase(&link_) != SS_LINK_BUSY && last.attempts > 1;
  const auto endpoint = Napi::String::New(env, last.endpoint ? last.endpoint : "");
  auto whom = Napi::Array::New(env, 2);
  // They are there, but not in a worker that is being terminated.
  if (endpoint.IsEmpty() || whom.IsEmpty()) return env.Undefined();
  whom.Set(0u, endpoint);
  whom.Set(1u, Napi::Number::New(env, last.attempts - (waits ? 1 : 0)));
  return whom;
}

Napi::Value SsStream::SetRef(const Napi::CallbackInfo& info) {
  const bool is_ref = info[0].As<Napi::Boolean>();
  if (is_ref == is_ref_) return info.Env().Undefined();
  is_ref_ = is_ref;
  context_->RefChanged(this);
  return info.Env().Undefined();
}
