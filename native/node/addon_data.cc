// Tears down the contexts of an environment that ends.
#include "node/addon_data.h"

#include "context/ss_context.h"

AddonData::AddonData(Napi::Env env) : env_(env) {
  napi_add_async_cleanup_hook(env, OnCleanup, this, &hook_);
}

AddonData* AddonData::Of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<AddonData*>(data);
}

bool AddonData::can_call_js() const {
  if (closing_) return false;
  const Napi::HandleScope scope(env_);
  napi_value value;
  // The cheapest function that fails when Node-API says that JavaScript cannot run.
  return napi_get_boolean(env_, true, &value) == napi_ok &&
         napi_coerce_to_bool(env_, value, &value) == napi_ok;
}

void AddonData::Remove(SsContext* context) {
  contexts_.erase(context);
  FinishWhenIdle();
}

void AddonData::RequestDone() {
  requests_--;
  FinishWhenIdle();
}

void AddonData::OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<AddonData*>(data);
  self->closing_ = true;
  const std::unordered_set<SsContext*> contexts = self->contexts_;
  for (SsContext* context : contexts) context->CloseNow();
  self->FinishWhenIdle();
}

void AddonData::FinishWhenIdle() {
  if (!closing_ || !contexts_.empty() || requests_ > 0 || !hook_) return;
  napi_async_cleanup_hook_handle hook = hook_;
  hook_ = nullptr;
  napi_remove_async_cleanup_hook(hook);
}
