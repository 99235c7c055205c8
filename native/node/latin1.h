// Text of any bytes, for JavaScript and from it.
#ifndef LWS_SS_NATIVE_NODE_LATIN1_H_
#define LWS_SS_NATIVE_NODE_LATIN1_H_

#include <napi.h>

#include <string>

// Each byte is a character, so that bytes that are no UTF-8 pass through JavaScript unchanged.
inline Napi::Value Latin1(Napi::Env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_latin1(env, text.data(), text.size(), &value);
  return Napi::Value(env, value);
}

// Empty for what is no string.
inline std::string Latin1(const Napi::Value& value) {
  size_t length = 0;
  if (!value.IsString() ||
      napi_get_value_string_latin1(value.Env(), value, nullptr, 0, &length) != napi_ok)
    return {};
  std::string text(length + 1, '\0');
  napi_get_value_string_latin1(value.Env(), value, text.data(), text.size(), &length);
  text.resize(length);
  return text;
}

#endif
