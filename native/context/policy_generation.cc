// Finds streamtypes in a policy, and frees it with its last stream.
#include "context/policy_generation.h"

PolicyGeneration::PolicyGeneration(const ssi_policy& policy) : policy_(policy) {
  for (const lws_ss_policy_t* p = policy_.streamtypes; p; p = p->next) {
    streamtypes_.emplace(p->streamtype, p);
    trust_stores_.insert(ssi_policy_trust_store(p));
  }
  // lws would look for it in what is the current policy by then, which a stream that is connected
  // does not go by.
  for (const auto& [name, p] : streamtypes_)
    if (p->rideshare_streamtype) ssi_policy_share_ride(p, Find(p->rideshare_streamtype));
}

PolicyGeneration::~PolicyGeneration() { ssi_policy_free(&policy_); }

const lws_ss_policy_t* PolicyGeneration::Find(std::string_view streamtype) const {
  const auto found = streamtypes_.find(streamtype);
  return found == streamtypes_.end() ? nullptr : found->second;
}
