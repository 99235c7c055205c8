// How a stream goes from one policy of its context to the next: between two connections.
#include <utility>

#include "policy_internals.h"
#include "ss_context.h"
#include "ss_stream.h"

// (streamtype, undefined when the policy has none for this stream any more; whether it can send)
Napi::Value SsStream::FollowPolicy(const Napi::CallbackInfo& info) {
  follow_ = std::make_unique<Following>(Following{
      info[0].IsString() ? std::optional<std::string>(info[0].As<Napi::String>()) : std::nullopt,
      info[1].As<Napi::Boolean>()});
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
  ssi_follow_policy(handle_, definition, declared.data());
  declared_metadata_.swap(declared);
  policy_ = current;
  ApplyMetadata(MetadataToConnect(), true);

  can_send_ = follow.can_send;
  if (!can_send_) {
    for (const OutgoingMessage& message : outgoing_)
      AddEvent(StreamEvent::kDropped, message.id(), 0);
    outgoing_.clear();
  }
}
