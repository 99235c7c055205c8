// What the addon exports.
#include <libwebsockets.h>
#include <napi.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>

#include <string>

#include "context/ss_context.h"
#include "lws/build_features.h"
#include "node/addon_data.h"
#include "node/numbers.h"
#include "node/pkcs12.h"
#include "node/stay_loaded.h"
#include "stream/ss_stream.h"

namespace {

// Until a context has its own log, lws's lines go nowhere: its default is the process's stderr.
void SilenceLog() {
  lws_set_log_level(0, [](int, const char*) {});
}

// An exception thrown by a listener, while several events are being told, must not end the telling.
Napi::Value ReportUncaught(const Napi::CallbackInfo& info) {
  napi_fatal_exception(info.Env(), info[0]);
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  static const bool silenced = (SilenceLog(), true);
  (void)silenced;
  static const bool stays_loaded = StayLoaded();
  if (!stays_loaded) {
    Napi::Error::New(env, "the addon cannot be kept in memory").ThrowAsJavaScriptException();
    return exports;
  }
  env.SetInstanceData(new AddonData(env));
  exports.Set("Context", SsContext::Define(env));
  exports.Set("Stream", SsStream::Define(env));
  exports.Set("reportUncaught", Napi::Function::New(env, ReportUncaught));
  exports.Set("readPkcs12", Napi::Function::New(env, ReadPkcs12));
  exports.Set("lwsVersion", std::to_string(LWS_LIBRARY_VERSION_MAJOR) + "." +
                                std::to_string(LWS_LIBRARY_VERSION_MINOR) + "." +
                                std::to_string(LWS_LIBRARY_VERSION_PATCH));
  exports.Set("tlsLibrary", OpenSSL_version(OPENSSL_VERSION));
  exports.Set("features", BuildFeatures(env));
  exports.Set("numbers", Numbers(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(lws_secure_streams, Init)
