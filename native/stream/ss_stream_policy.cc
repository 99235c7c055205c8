// How a stream goes from one policy of its context to the next: between two connections.
#include <utility>

#include "context/ss_context.h"
#include "lws/policy.h"
#include "stream/ss_stream.h"

// (streamtype, kind); nothing when the policy has none for this stream any more
Napi::Value SsStream::FollowPolicy(const Napi::CallbackInfo& info) {
  follow_ = std::make_unique<Following>();
  if (info[0].IsString() && info[1].IsObject()) {
    follow_->streamtype = info[0].As<Napi::String>();
    follow_->kind = Kind::Read(info[1].As<Napi::Object>());
  }
  Schedule();
  return info.Env().Undefined();
}

void SsStream::ChangePolicy() {
  const Following follow = *std::exchange(follow_, nullptr);
  const std::shared_ptr<PolicyGeneration>& current = context_->policies().current();
  const lws_ss_policy_t* definition =
      follow.streamtype ? current->Find(*follow.streamtype) : nullptr;
  if (!definition) {
    Heed(LWSSSSRET_DESTROY_ME);
    return;
  }

  std::vector<lws_ss_metadata_t> declared(definition->metadata_count);
  link_.ops->follow_policy(&link_, definition, declared.data());
  declared_metadata_.swap(declared);
  policy_ = current;
  ApplyMetadata(MetadataToConnect(), true);

  kind_ = follow.kind;
  exchange_->SetKind(kind_);
}
