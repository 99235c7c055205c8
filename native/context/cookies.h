// The cookie jar of one lws context.
#ifndef LWS_SS_NATIVE_CONTEXT_COOKIES_H_
#define LWS_SS_NATIVE_CONTEXT_COOKIES_H_

#include <napi.h>

#include <string>

class SsContext;

// The cookie jar of one lws context, which is in JavaScript: this is the provider of libwebsockets'
// external cookies.
class Cookies {
 public:
  explicit Cookies(SsContext* context) : context_(context) {}

  // { get(url), set(url, setCookie) }
  void SetJar(const Napi::Value& jar);
  void Release();

  // What goes into a request's Cookie header, until the next call; nullptr for nothing.
  const char* Get(const std::string& url);
  void Set(const std::string& url, const std::string& set_cookie);

 private:
  SsContext* context_;
  Napi::FunctionReference get_, set_;
  std::string header_;
};

#endif
