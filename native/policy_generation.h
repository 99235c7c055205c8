#ifndef LWS_SS_NATIVE_POLICY_GENERATION_H_
#define LWS_SS_NATIVE_POLICY_GENERATION_H_

#include <memory>
#include <string>
#include <unordered_set>

#include "policy_internals.h"

// One policy of a context, which lives for as long as a stream goes by it.
class PolicyGeneration {
 public:
  explicit PolicyGeneration(const ssi_policy& policy);
  ~PolicyGeneration();
  PolicyGeneration(const PolicyGeneration&) = delete;
  PolicyGeneration& operator=(const PolicyGeneration&) = delete;

  const lws_ss_policy_t* Find(const std::string& streamtype) const;
  bool Uses(const std::string& trust_store) const { return trust_stores_.count(trust_store) > 0; }
  // lws looks for the streamtype that shares a ride in the policy that is current by then, so
  // a stream may refer to any that came after its own.
  void KeepSuccessor(std::shared_ptr<PolicyGeneration> successor);

 private:
  ssi_policy policy_;
  std::unordered_set<std::string> trust_stores_;
  std::shared_ptr<PolicyGeneration> successor_;
};

#endif
