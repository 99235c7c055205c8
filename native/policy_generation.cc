#include "policy_generation.h"

#include <utility>

PolicyGeneration::PolicyGeneration(const ssi_policy& policy) : policy_(policy) {
  for (const lws_ss_policy_t* p = policy_.streamtypes; p; p = p->next)
    trust_stores_.insert(ssi_policy_trust_store(p));
}

// Successors that nobody else has end one after the other: one within the other, many of them would
// need more stack than there is.
PolicyGeneration::~PolicyGeneration() {
  ssi_policy_free(&policy_);
  std::shared_ptr<PolicyGeneration> next = std::move(successor_);
  while (next && next.use_count() == 1) {
    std::shared_ptr<PolicyGeneration> after = std::move(next->successor_);
    next = std::move(after);
  }
}

const lws_ss_policy_t* PolicyGeneration::Find(const std::string& streamtype) const {
  for (const lws_ss_policy_t* p = policy_.streamtypes; p; p = p->next)
    if (streamtype == p->streamtype) return p;
  return nullptr;
}

void PolicyGeneration::KeepSuccessor(std::shared_ptr<PolicyGeneration> successor) {
  successor_ = std::move(successor);
}
