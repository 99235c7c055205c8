// Who signs requests.
#ifndef LWS_SS_NATIVE_CONTEXT_SIGNER_H_
#define LWS_SS_NATIVE_CONTEXT_SIGNER_H_

#include <libwebsockets.h>
#include <napi.h>

#include <string>

class SsContext;

// Signs the requests of one lws context, in JavaScript: this is the provider of libwebsockets'
// external sigv4.
class Signer {
 public:
  explicit Signer(SsContext* context) : context_(context) {}

  // (request): [whether it could be signed, the signature or why there is none]
  void SetSign(const Napi::Value& sign);
  void Release() { sign_.Reset(); }

  bool Sign(const lws_sigv4_request_t& request);
  // What Sign() came to, until it is called again.
  const char* result() const { return result_.c_str(); }

 private:
  SsContext* context_;
  Napi::FunctionReference sign_;
  std::string result_;
};

#endif
