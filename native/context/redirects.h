// Where redirects lead.
#ifndef LWS_SS_NATIVE_CONTEXT_REDIRECTS_H_
#define LWS_SS_NATIVE_CONTEXT_REDIRECTS_H_

#include <libwebsockets.h>
#include <napi.h>

#include <string>

class SsContext;

// Says where the redirects of one lws context lead, in JavaScript, which has a parser of URLs: this
// is the provider of libwebsockets' external redirects.
class Redirects {
 public:
  explicit Redirects(SsContext* context) : context_(context) {}

  // (base, location): why it is none to follow, or [host, port, tls, path] with "" for the host
  // that redirects
  void SetResolve(const Napi::Value& resolve);
  void Release() { resolve_.Reset(); }

  // nullptr, or why there is nowhere to go. Its strings are there until the next call.
  const char* Resolve(const char* base, const char* location, lws_redirect_t* to);

 private:
  SsContext* context_;
  Napi::FunctionReference resolve_;
  std::string why_, host_, path_;
};

#endif
