// One of the policies that a context has had.
#ifndef LWS_SS_NATIVE_CONTEXT_POLICY_GENERATION_H_
#define LWS_SS_NATIVE_CONTEXT_POLICY_GENERATION_H_

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "lws/policy.h"

// One policy of a context, which lives for as long as a stream goes by it.
class PolicyGeneration {
 public:
  explicit PolicyGeneration(const ssi_policy& policy);
  ~PolicyGeneration();
  PolicyGeneration(const PolicyGeneration&) = delete;
  PolicyGeneration& operator=(const PolicyGeneration&) = delete;

  const lws_ss_policy_t* Find(std::string_view streamtype) const;
  bool Uses(const std::string& trust_store) const { return trust_stores_.count(trust_store) > 0; }

 private:
  ssi_policy policy_;
  std::unordered_map<std::string_view, const lws_ss_policy_t*> streamtypes_;
  std::unordered_set<std::string> trust_stores_;
};

#endif
