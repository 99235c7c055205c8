// The policies of one context.
#ifndef LWS_SS_NATIVE_CONTEXT_POLICY_DATABASE_H_
#define LWS_SS_NATIVE_CONTEXT_POLICY_DATABASE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "context/policy_generation.h"

// The policies of one context: the current one, which new connections go by, and those before it
// that streams with a connection still go by. Outlives the lws context.
class PolicyDatabase {
 public:
  // What the context was made with becomes the first generation.
  void Adopt(lws_context* lws);
  // False, and nothing has changed, when lws could not use it.
  bool Replace(lws_context* lws, const std::string& json);
  // From a clean stack: destroys the trust stores of policies that no stream goes by any more.
  void Sweep(lws_context* lws);

  const std::shared_ptr<PolicyGeneration>& current() const { return current_; }

 private:
  struct Retry {
    std::vector<uint32_t> delays;
    lws_retry_bo_t lws;
  };
  using RetryKey = std::tuple<std::vector<uint32_t>, unsigned, unsigned, unsigned, unsigned>;

  static const lws_retry_bo_t* KeepRetry(void* self, const lws_retry_bo_t* retry);
  static int IsTrustStoreWanted(void* self, const char* trust_store);

  void Begin(ssi_policy policy);

  std::map<RetryKey, Retry> retries_;
  std::shared_ptr<PolicyGeneration> current_;
  std::vector<std::weak_ptr<PolicyGeneration>> earlier_;
};

#endif
