// What JavaScript calls on a stream. Whatever enters lws is noted here and done in Work().
#include "lws_internals.h"
#include "ss_context.h"
#include "ss_stream.h"

// (bytes, id, metadata?, binary?), or with the length of a message whose bytes are provided when
// they are wanted
Napi::Value SsStream::Send(const Napi::CallbackInfo& info) {
  if (handle_ && !doomed_) {
    const uint32_t id = info[1].As<Napi::Number>().Uint32Value();
    if (info[0].IsNumber())
      outgoing_.emplace_back(id, metadata_,
                             static_cast<size_t>(info[0].As<Napi::Number>().Int64Value()));
    else
      outgoing_.emplace_back(id, metadata_, info[0].As<Napi::Uint8Array>());
    if (info[2].IsArray()) outgoing_.back().SetMetadata(info[2].As<Napi::Array>());
    if (info[3].IsBoolean())
      outgoing_.back().SetFrameKind(info[3].As<Napi::Boolean>() ? FrameKind::kBinary
                                                                : FrameKind::kText);
    Schedule();
    ssi_prefetch_handle(handle_);
  }
  return info.Env().Undefined();
}

// (id, piece, bytes)
Napi::Value SsStream::Provide(const Napi::CallbackInfo& info) {
  const uint32_t id = info[0].As<Napi::Number>().Uint32Value();
  const uint32_t piece = info[1].As<Napi::Number>().Uint32Value();
  for (OutgoingMessage& message : outgoing_) {
    if (message.id() != id || !message.Provide(piece, info[2].As<Napi::Uint8Array>())) continue;
    wanted_.more = true;
    Schedule();
    break;
  }
  return info.Env().Undefined();
}

// (id): those behind it are not concerned
Napi::Value SsStream::CancelSend(const Napi::CallbackInfo& info) {
  const uint32_t id = info[0].As<Napi::Number>().Uint32Value();
  for (auto message = outgoing_.begin(); message != outgoing_.end(); ++message) {
    if (message->id() != id) continue;
    if (transactional_ && message->requested()) {
      // Its transaction, which promises the server a body of this length, must not go on without
      // it.
      wanted_.disconnect = disconnecting_ = true;
      Schedule();
    }
    if (!message->started()) outgoing_.erase(message);
    break;
  }
  for (Unanswered& message : unanswered_)
    if (message.id == id) message.again.reset();
  return info.Env().Undefined();
}

Napi::Value SsStream::Connect(const Napi::CallbackInfo& info) {
  wanted_.connect = true;
  connect_metadata_ = metadata_;
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::Listen(const Napi::CallbackInfo& info) {
  wanted_.listen = true;
  const bool is_first =
      handle_ && outgoing_.empty() && !ssi_wsi(handle_) && !ssi_will_retry(handle_);
  if (is_first && !connect_metadata_) connect_metadata_ = metadata_;
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::RequestTx(const Napi::CallbackInfo& info) {
  wanted_.request_tx = true;
  connect_metadata_ = metadata_;
  if (info[0].IsNumber()) {
    has_tx_length_ = true;
    tx_length_ = static_cast<unsigned long>(info[0].As<Napi::Number>().Int64Value());
  }
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::Disconnect(const Napi::CallbackInfo& info) {
  wanted_.disconnect = disconnecting_ = true;
  // What comes after this call is for the next connection.
  wanted_.connect = wanted_.listen = wanted_.request_tx = has_tx_length_ = false;
  connect_metadata_.reset();
  ForgetMessages();
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::Destroy(const Napi::CallbackInfo& info) {
  doomed_ = wanted_.destroy = true;
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::SetReading(const Napi::CallbackInfo& info) {
  reading_ = info[0].As<Napi::Boolean>();
  wanted_.flow = true;
  Schedule();
  return info.Env().Undefined();
}

Napi::Value SsStream::StartTimeout(const Napi::CallbackInfo& info) {
  if (handle_) {
    lws_ss_start_timeout(handle_, info[0].As<Napi::Number>().Uint32Value());
    context_->loop()->Touch();
  }
  return info.Env().Undefined();
}

Napi::Value SsStream::CancelTimeout(const Napi::CallbackInfo& info) {
  if (handle_) lws_ss_cancel_timeout(handle_);
  return info.Env().Undefined();
}

Napi::Value SsStream::ServerAck(const Napi::CallbackInfo& info) {
  if (handle_) lws_ss_server_ack(handle_, info[0].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

Napi::Value SsStream::AddPeerTxCredit(const Napi::CallbackInfo& info) {
  if (handle_) lws_ss_add_peer_tx_credit(handle_, info[0].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

Napi::Value SsStream::PeerTxCredit(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), handle_ ? lws_ss_get_est_peer_tx_credit(handle_) : 0);
}

Napi::Value SsStream::Rideshare(const Napi::CallbackInfo& info) {
  if (!handle_) return info.Env().Undefined();
  return Napi::String::New(info.Env(), lws_ss_rideshare(handle_));
}

Napi::Value SsStream::Tag(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), handle_ ? lws_ss_tag(handle_) : "");
}

// Of each answer, what it says besides its payload is told; and the last 429 or 503 is one.
Napi::Value SsStream::KeepAnswer(const Napi::CallbackInfo& info) {
  keeps_answer_ = true;
  if (handle_) ssi_want_refusal(handle_);
  return info.Env().Undefined();
}

Napi::Value SsStream::GoodResponse(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), handle_ && ssi_good_response(handle_));
}

// [reason, what kind of failure], "" and 0 for none.
Napi::Value SsStream::Failure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto reason = Napi::String::New(env, handle_ ? ssi_connection_failure(handle_) : "");
  auto failure = Napi::Array::New(env, 2);
  // They are there, but not in a worker that is being terminated.
  if (reason.IsEmpty() || failure.IsEmpty()) return env.Undefined();
  failure.Set(0u, reason);
  failure.Set(1u, Napi::Number::New(env, handle_ ? ssi_failure_code(handle_) : 0));
  return failure;
}

Napi::Value SsStream::SetRef(const Napi::CallbackInfo& info) {
  const bool wanted = info[0].As<Napi::Boolean>();
  if (wanted == ref_wanted_) return info.Env().Undefined();
  ref_wanted_ = wanted;
  context_->RefChanged(this);
  return info.Env().Undefined();
}
