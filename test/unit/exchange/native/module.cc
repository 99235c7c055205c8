// The addon that the tests of the exchanges load.
#include <napi.h>

#include "test_exchange.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("TestExchange", TestExchange::Define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(exchange_test, Init)
