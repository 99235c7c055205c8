// Takes the next policy, and keeps those before it for the streams that still go by them.
#include "context/policy_database.h"

#include <algorithm>
#include <utility>

void PolicyDatabase::Adopt(lws_context* lws) {
  ssi_policy policy;
  ssi_policy_take(lws, &policy);
  Begin(policy);
}

bool PolicyDatabase::Replace(lws_context* lws, const std::string& json) {
  ssi_policy policy;
  if (ssi_policy_replace(lws, json.data(), json.size(), &policy)) {
    ssi_trust_stores_sweep(lws, IsTrustStoreWanted, this);
    return false;
  }
  Begin(policy);
  return true;
}

void PolicyDatabase::Begin(ssi_policy policy) {
  ssi_policy_keep_retries(&policy, KeepRetry, this);
  auto next = std::make_shared<PolicyGeneration>(policy);
  if (current_) earlier_.push_back(current_);
  current_ = std::move(next);
}

void PolicyDatabase::Sweep(lws_context* lws) {
  const auto over = std::remove_if(earlier_.begin(), earlier_.end(),
                                   [](const auto& generation) { return generation.expired(); });
  if (over == earlier_.end()) return;
  earlier_.erase(over, earlier_.end());
  ssi_trust_stores_sweep(lws, IsTrustStoreWanted, this);
}

int PolicyDatabase::IsTrustStoreWanted(void* self, const char* trust_store) {
  const auto* database = static_cast<PolicyDatabase*>(self);
  if (database->current_->Uses(trust_store)) return 1;
  return std::any_of(database->earlier_.begin(), database->earlier_.end(),
                     [trust_store](const auto& weak) {
                       const auto generation = weak.lock();
                       return generation && generation->Uses(trust_store);
                     });
}

const lws_retry_bo_t* PolicyDatabase::KeepRetry(void* self, const lws_retry_bo_t* retry) {
  std::vector<uint32_t> delays(retry->retry_ms_table,
                               retry->retry_ms_table + retry->retry_ms_table_count);
  const RetryKey key(delays, retry->conceal_count, retry->secs_since_valid_ping,
                     retry->secs_since_valid_hangup, retry->jitter_percent);
  const auto [entry, added] = static_cast<PolicyDatabase*>(self)->retries_.try_emplace(key);
  Retry& kept = entry->second;
  if (added) {
    kept.delays = std::move(delays);
    kept.lws = *retry;
    kept.lws.retry_ms_table = kept.delays.data();
  }
  return &kept.lws;
}
