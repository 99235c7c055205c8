#ifndef LWS_SS_NATIVE_UTIL_LATIN1_H_
#define LWS_SS_NATIVE_UTIL_LATIN1_H_

#include <napi.h>

#include <string>

// Bytes that are no UTF-8 stay what they are on their way through JavaScript.
inline Napi::Value Latin1(Napi::Env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_latin1(env, text.data(), text.size(), &value);
  return Napi::Value(env, value);
}

#endif
