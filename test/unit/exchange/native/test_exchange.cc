// Passes calls from JavaScript to an exchange, and from the exchange to JavaScript.
#include "test_exchange.h"

#include <utility>
#include <vector>

#include "stream/handler_exchange.h"
#include "stream/message_exchange.h"
#include "stream/publish_exchange.h"
#include "stream/request_exchange.h"

namespace {

uint32_t Id(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

const char* NameOf(StreamEvent::Kind kind) {
  switch (kind) {
    case StreamEvent::kSent:
      return "sent";
    case StreamEvent::kDropped:
      return "dropped";
    case StreamEvent::kAcknowledged:
      return "acknowledged";
    case StreamEvent::kRefused:
      return "refused";
    case StreamEvent::kWanted:
      return "wanted";
    default:
      return "unknown";
  }
}

}  // namespace

Napi::Function TestExchange::Define(Napi::Env env) {
  return DefineClass(env, "TestExchange",
                     {InstanceMethod<&TestExchange::Send>("send"),
                      InstanceMethod<&TestExchange::Provide>("provide"),
                      InstanceMethod<&TestExchange::Cancel>("cancel"),
                      InstanceMethod<&TestExchange::SetKind>("setKind"),
                      InstanceMethod<&TestExchange::Do<&Exchange::Pump>>("pump"),
                      InstanceMethod<&TestExchange::Tx>("tx"),
                      InstanceMethod<&TestExchange::Do<&Exchange::Connecting>>("connecting"),
                      InstanceMethod<&TestExchange::Do<&Exchange::Connected>>("connected"),
                      InstanceMethod<&TestExchange::Do<&Exchange::Lost>>("lost"),
                      InstanceMethod<&TestExchange::Acknowledged>("acknowledged"),
                      InstanceMethod<&TestExchange::Refused>("refused"),
                      InstanceMethod<&TestExchange::SettleWritten>("settleWritten"),
                      InstanceMethod<&TestExchange::Do<&Exchange::DropStarted>>("dropStarted"),
                      InstanceMethod<&TestExchange::Do<&Exchange::Clear>>("clear"),
                      InstanceMethod<&TestExchange::IsEmpty>("isEmpty"),
                      InstanceMethod<&TestExchange::IsSentAgain>("isSentAgain"),
                      InstanceMethod<&TestExchange::WantsRetry>("wantsRetry"),
                      InstanceMethod<&TestExchange::TopicToConnect>("topicToConnect")});
}

TestExchange::TestExchange(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<TestExchange>(info),
      stream_(Napi::Persistent(info[0].As<Napi::Object>())),
      async_(info.Env(), "EXCHANGE") {
  link_.ops = &kOps;
  link_.test = this;
  Exchange::Host* const host = this;
  const auto what = info[1].As<Napi::Object>();
  if (!what.Get("exchange").IsString()) {
    Sink::Host* const sink_host = this;
    handlers_ = std::make_unique<HandlerSink>(sink_host, what);
    exchange_ = std::make_unique<HandlerExchange>(host, handlers_.get());
    return;
  }
  const Kind kind = Kind::Read(what);
  if (kind.exchange == Kind::Exchange::kRequests)
    exchange_ = std::make_unique<RequestExchange>(host, &link_, kind);
  else if (kind.exchange == Kind::Exchange::kPublishes)
    exchange_ = std::make_unique<PublishExchange>(host, &link_, kind, info[2].ToBoolean());
  else
    exchange_ = std::make_unique<MessageExchange>(host, &link_, kind);
}

const ss_link_ops TestExchange::kOps = TestExchange::MakeOps();

ss_link_ops TestExchange::MakeOps() {
  ss_link_ops ops = {};
  ops.request = [](ss_link* link, uint64_t length) {
    const TestExchange* test = Of(link);
    const auto known = length == SS_LINK_NO_LENGTH ? test->Env().Undefined()
                                                   : test->Value(static_cast<double>(length));
    return static_cast<lws_ss_state_return_t>(test->Number("request", {known}));
  };
  ops.phase = [](const ss_link* link) {
    return static_cast<ss_link_phase>(Of(link)->Number("phase"));
  };
  ops.has_unsent = [](const ss_link* link) { return int{Of(link)->Is("hasUnsent")}; };
  ops.has_next_ride = [](const ss_link* link) { return int{Of(link)->Is("hasNextRide")}; };
  ops.has_body_pending = [](const ss_link* link) { return int{Of(link)->Is("hasBodyPending")}; };
  ops.set_body_once = [](ss_link* link, int is_gone) {
    Of(link)->Call("setBodyOnce", {Of(link)->Value(is_gone)});
  };
  ops.allow_retries = [](ss_link* link) { Of(link)->Call("allowRetries"); };
  ops.packet_id = [](const ss_link* link, const lws_ss_tx_ordinal_t* ordinal) {
    const TestExchange* test = Of(link);
    const auto known = ordinal ? test->Value(*ordinal) : test->Env().Undefined();
    return static_cast<uint16_t>(test->Number("packetId", {known}));
  };
  ops.send_again = [](ss_link* link, uint16_t packet_id) {
    Of(link)->Call("sendAgain", {Of(link)->Value(packet_id)});
  };
  ops.is_received = [](const ss_link* link, uint16_t packet_id) {
    return static_cast<int>(Of(link)->Number("isReceived", {Of(link)->Value(packet_id)}));
  };
  ops.keep_packet_id = [](ss_link* link, uint16_t packet_id) {
    Of(link)->Call("keepPacketId", {Of(link)->Value(packet_id)});
  };
  ops.has_session = [](const ss_link* link) { return int{Of(link)->Is("hasSession")}; };
  ops.release = [](ss_link* link, uint16_t packet_id, lws_ss_tx_ordinal_t ordinal) {
    const TestExchange* test = Of(link);
    return static_cast<int>(
        test->Number("release", {test->Value(packet_id), test->Value(ordinal)}));
  };
  return ops;
}

Napi::Value TestExchange::Call(const char* name,
                               std::initializer_list<napi_value> arguments) const {
  const Napi::Object stream = stream_.Value();
  const Napi::Value function = stream.Get(name);
  // An earlier call may have thrown.
  return function.IsFunction() ? function.As<Napi::Function>().Call(stream, arguments)
                               : Napi::Value();
}

double TestExchange::Number(const char* name, std::initializer_list<napi_value> arguments) const {
  const Napi::Value value = Call(name, arguments);
  if (value.IsBoolean()) return value.As<Napi::Boolean>() ? 1 : 0;
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
}

void TestExchange::AddEvent(StreamEvent::Kind kind, uint32_t a, uint32_t b) {
  Call("event", {Napi::String::New(Env(), NameOf(kind)), Value(a), Value(b)});
}

void TestExchange::PrepareMessage(const Metadata& values) {
  Call("prepareMessage", {TopicOf(values)});
}

Metadata TestExchange::WithTopic(const Napi::Value& topic) const {
  return std::make_shared<const MetadataValues>(
      MetadataValues{{"topic", topic.As<Napi::String>()}});
}

Napi::String TestExchange::TopicOf(const Metadata& values) const {
  const auto topic = values->find("topic");
  return Napi::String::New(Env(), topic == values->end() ? "" : topic->second);
}

Napi::Value TestExchange::Send(const Napi::CallbackInfo& info) {
  const uint32_t id = Id(info[0]);
  Metadata metadata = WithTopic(info[2]);
  const uint64_t length = info[1].IsNumber()
                              ? static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value())
                              : SS_LINK_OPEN_LENGTH;
  OutgoingMessage message =
      info[1].IsTypedArray()
          ? OutgoingMessage(id, std::move(metadata), info[1].As<Napi::Uint8Array>())
          : OutgoingMessage(id, std::move(metadata), length);
  if (info[3].IsBoolean())
    message.SetFrameKind(info[3].As<Napi::Boolean>() ? FrameKind::kBinary : FrameKind::kText);
  exchange_->Send(std::move(message));
  return info.Env().Undefined();
}

Napi::Value TestExchange::Provide(const Napi::CallbackInfo& info) {
  exchange_->Provide(Id(info[0]), Id(info[1]), info[2]);
  return info.Env().Undefined();
}

Napi::Value TestExchange::Cancel(const Napi::CallbackInfo& info) {
  exchange_->Cancel(Id(info[0]));
  return info.Env().Undefined();
}

Napi::Value TestExchange::SetKind(const Napi::CallbackInfo& info) {
  exchange_->SetKind(Kind::Read(info[0].As<Napi::Object>()));
  return info.Env().Undefined();
}

Napi::Value TestExchange::Tx(const Napi::CallbackInfo& info) {
  size_t length = Id(info[1]);
  // Just as long as lws says, so that AddressSanitizer sees what goes beyond.
  std::vector<uint8_t> into(length);
  int flags = 0;
  if (exchange_->Tx(Id(info[0]), into.data(), &length, &flags) != LWSSSSRET_OK)
    return info.Env().Undefined();
  Napi::Object given = Napi::Object::New(info.Env());
  given.Set("bytes", Napi::Buffer<uint8_t>::Copy(info.Env(), into.data(), length));
  given.Set("begins", (flags & LWSSS_FLAG_SOM) != 0);
  given.Set("ends", (flags & LWSSS_FLAG_EOM) != 0);
  if (flags & (LWSSS_FLAG_WS_TEXT | LWSSS_FLAG_WS_BINARY))
    given.Set("frame", flags & LWSSS_FLAG_WS_TEXT ? "text" : "binary");
  return given;
}

Napi::Value TestExchange::Acknowledged(const Napi::CallbackInfo& info) {
  exchange_->Acknowledged(Id(info[0]));
  return info.Env().Undefined();
}

Napi::Value TestExchange::Refused(const Napi::CallbackInfo& info) {
  exchange_->Refused(Id(info[0]));
  return info.Env().Undefined();
}

Napi::Value TestExchange::SettleWritten(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), exchange_->SettleWritten());
}

Napi::Value TestExchange::IsEmpty(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), exchange_->is_empty());
}

Napi::Value TestExchange::IsSentAgain(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), exchange_->is_sent_again());
}

Napi::Value TestExchange::WantsRetry(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), exchange_->wants_retry(info[0].ToBoolean()));
}

Napi::Value TestExchange::TopicToConnect(const Napi::CallbackInfo& info) {
  const Metadata now = WithTopic(info[0]);
  const Metadata asked = info[1].IsString() ? WithTopic(info[1]) : Metadata();
  return TopicOf(exchange_->MetadataToConnect(now, asked));
}
