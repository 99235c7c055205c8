// Reads what lib/ says of a streamtype.
#include "stream/kind.h"

#include <string>

namespace {

Kind::Exchange ExchangeOf(const std::string& name) {
  if (name == "requests") return Kind::Exchange::kRequests;
  if (name == "responses") return Kind::Exchange::kResponses;
  if (name == "publishes") return Kind::Exchange::kPublishes;
  return name == "messages" ? Kind::Exchange::kMessages : Kind::Exchange::kBytes;
}

}  // namespace

Kind Kind::Read(const Napi::Object& kind) {
  const Napi::Value exchange = kind.Get("exchange");
  const Napi::Value can_send = kind.Get("canSend");
  const Napi::Value nailed_up = kind.Get("nailedUp");
  const Napi::Value qos = kind.Get("qos");
  Kind read;
  // They are there, but not in a worker that is being terminated: what Node-API then fails to give
  // has no environment, and using it is fatal.
  if (!exchange.IsString() || !can_send.IsBoolean() || !nailed_up.IsBoolean() || !qos.IsNumber())
    return read;
  read.exchange = ExchangeOf(exchange.As<Napi::String>());
  read.can_send = can_send.As<Napi::Boolean>();
  read.nailed_up = nailed_up.As<Napi::Boolean>();
  read.at_most_once =
      read.exchange == Exchange::kPublishes && qos.As<Napi::Number>().Int32Value() == 0;
  return read;
}
