// What one environment has of the addon.
#ifndef LWS_SS_NATIVE_NODE_ADDON_DATA_H_
#define LWS_SS_NATIVE_NODE_ADDON_DATA_H_

#include <napi.h>

#include <memory>
#include <unordered_set>
#include <vector>

#include "loop/request_counter.h"

class SsContext;

// What one environment (the main thread, or one worker) has of the addon: the contexts to tear down
// before it goes. Nothing of the addon is shared between environments.
class AddonData : public RequestCounter {
 public:
  explicit AddonData(Napi::Env env);

  static AddonData* Of(napi_env env);

  void Add(SsContext* context) { contexts_.insert(context); }
  void Remove(SsContext* context);

  // A uv request that outlives the context that made it keeps the environment until it is done.
  void RequestStarted() override { requests_++; }
  void RequestDone() override;

  // Takes over an object that Node-API, in a worker that is being terminated, failed to tie to its
  // JavaScript object, so that nothing else would ever delete it.
  template <class T>
  void Keep(T* unwrapped) {
    unwrapped_.push_back(std::shared_ptr<T>(unwrapped));
  }

  // False once the environment is going away, which a worker that is terminated does before it runs
  // cleanup hooks: JavaScript must not be called any more.
  bool can_call_js() const;

  // Whether the environment has come to its cleanup hooks.
  bool is_closing() const { return closing_; }

 private:
  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);
  void FinishWhenIdle();

  napi_env env_;
  std::unordered_set<SsContext*> contexts_;
  std::vector<std::shared_ptr<void>> unwrapped_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  int requests_ = 0;
  bool closing_ = false;
};

#endif
