#ifndef LWS_SS_NATIVE_SS_CONTEXT_H_
#define LWS_SS_NATIVE_SS_CONTEXT_H_

#include <libwebsockets.h>
#include <napi.h>

#include <deque>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cookies.h"
#include "event_delivery.h"
#include "event_loop.h"
#include "policy_database.h"
#include "redirects.h"
#include "resolver.h"
#include "signer.h"

class AddonData;
class SsStream;

// One lws context on the environment's loop.
//
// JavaScript never reaches into lws while lws is calling back: what it asks for is written down on
// the stream or here, and done from a clean stack: at the end of a callback of the loop, or before
// the loop blocks.
class SsContext : public Napi::ObjectWrap<SsContext> {
 public:
  // Around every entry into lws.
  class ServiceScope {
   public:
    explicit ServiceScope(SsContext* context) : context_(context) { context->depth_++; }
    ~ServiceScope() { context_->depth_--; }
    ServiceScope(const ServiceScope&) = delete;
    ServiceScope& operator=(const ServiceScope&) = delete;

   private:
    SsContext* context_;
  };

  // Around an entry from the loop itself. JavaScript that enters must first be back where it can
  // listen to what happened; with this there is none.
  class LoopScope {
   public:
    explicit LoopScope(SsContext* context) : context_(context) { context->depth_++; }
    ~LoopScope() {
      if (--context_->depth_ == 0) context_->OnCleanStack();
    }
    LoopScope(const LoopScope&) = delete;
    LoopScope& operator=(const LoopScope&) = delete;

   private:
    SsContext* context_;
  };

  static Napi::Function Define(Napi::Env env);
  static SsContext* Of(lws_context* context);

  explicit SsContext(const Napi::CallbackInfo& info);
  ~SsContext() override;

  lws_context* lws() const { return lws_; }
  EventLoop* loop() const { return loop_; }
  Resolver& resolver() { return resolver_; }
  Cookies& cookies() { return cookies_; }
  Signer& signer() { return signer_; }
  Redirects& redirects() { return redirects_; }
  EventDelivery& delivery() { return delivery_; }
  PolicyDatabase& policies() { return policies_; }
  AddonData* addon_data() const { return data_; }
  napi_async_context async_context() const { return async_; }
  bool is_open() const { return lws_ && !close_wanted_; }
  bool wants_turn() const { return close_wanted_ || !scheduled_.empty(); }
  bool can_call_js() const;

  void Add(SsStream* stream);
  void Remove(SsStream* stream);
  // `stream` has work to do, or something to tell, as soon as the stack is clean.
  void Schedule(SsStream* stream);
  // Whether `stream` keeps the process running is not what it was.
  void RefChanged(SsStream* stream);

  // What is waiting, before the loop blocks.
  void Turn();

  // Ends everything now, from a clean stack; handles are closed when the loop has gone round.
  void CloseNow();

 private:
  struct Notice {
    int kind;
    int code;
    std::string text;
  };

  // lws hands back its link, and nothing else says whose it is.
  struct StateLink {
    lws_state_notify_link_t lws;
    SsContext* context;
  };

  static int OnSystemState(lws_state_manager_t* manager, lws_state_notify_link_t* link, int current,
                           int target);
  static void OnLog(lws_log_cx* cx, int level, const char* line, size_t length);

  bool Open(const Napi::Object& options);
  bool MakeDefaultVhost();
  void AddTrust(const Napi::Value& certificates);
  void UseSocksProxy(const Napi::Object& proxy);
  void OnCleanStack();
  void UpdateKeepAlive();
  void TellNotices();
  void ReleaseJs();

  Napi::Value SetPolicy(const Napi::CallbackInfo& info);
  Napi::Value SetBlob(const Napi::CallbackInfo& info);
  Napi::Value SetLogLevel(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value SetRef(const Napi::CallbackInfo& info);

  AddonData* data_;
  EventLoop* loop_ = nullptr;
  lws_context* lws_ = nullptr;
  Resolver resolver_;
  Cookies cookies_;
  Signer signer_;
  Redirects redirects_;
  EventDelivery delivery_;
  PolicyDatabase policies_;
  lws_log_cx log_ = {};
  StateLink state_link_ = {};
  lws_state_notify_link_t* state_links_[2] = {&state_link_.lws, nullptr};
  std::string policy_, socks_proxy_;
  std::deque<std::string> blobs_;
  Napi::FunctionReference on_notice_;
  Napi::ObjectReference async_resource_;
  napi_async_context async_ = nullptr;
  std::unordered_set<SsStream*> streams_;
  std::vector<SsStream*> scheduled_;
  int ref_streams_ = 0;
  std::vector<Notice> notices_;
  int depth_ = 0;
  bool on_clean_stack_ = false;
  bool ref_wanted_ = true;
  bool operational_ = false;
  bool close_wanted_ = false;
  bool closed_ = false;
};

#endif
