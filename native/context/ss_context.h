// The class of one lws context.
#ifndef LWS_SS_NATIVE_CONTEXT_SS_CONTEXT_H_
#define LWS_SS_NATIVE_CONTEXT_SS_CONTEXT_H_

#include <libwebsockets.h>
#include <napi.h>

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "context/cookies.h"
#include "context/policy_database.h"
#include "context/proxies.h"
#include "context/redirects.h"
#include "context/signer.h"
#include "context/traffic.h"
#include "loop/event_loop.h"
#include "loop/loop_client.h"
#include "node/event_delivery.h"

class AddonData;
class SsStream;

// One lws context on the environment's loop.
//
// JavaScript never reaches into lws while lws is calling back: what it asks for is written down on
// the stream or here, and done from a clean stack: at the end of a callback of the loop, or before
// the loop blocks.
class SsContext : public Napi::ObjectWrap<SsContext>, private LoopClient {
 public:
  // What a notice is about.
  enum NoticeKind { kNoticeState, kNoticeLog, kNoticeClosed, kNoticeKey };

  // Around every entry into lws but those of the loop.
  class ServiceScope {
   public:
    explicit ServiceScope(SsContext* context) : context_(context) { context->depth_++; }
    ~ServiceScope() { context_->depth_--; }
    ServiceScope(const ServiceScope&) = delete;
    ServiceScope& operator=(const ServiceScope&) = delete;

   private:
    SsContext* context_;
  };

  static Napi::Function Define(Napi::Env env);
  static SsContext* Of(lws_context* context);

  explicit SsContext(const Napi::CallbackInfo& info);
  ~SsContext() override;

  lws_context* lws() const { return lws_; }
  EventLoop* loop() const { return loop_; }
  Cookies& cookies() { return cookies_; }
  Signer& signer() { return signer_; }
  Redirects& redirects() { return redirects_; }
  Proxies& proxies() { return proxies_; }
  EventDelivery& delivery() { return delivery_; }
  Traffic& traffic() { return traffic_; }
  PolicyDatabase& policies() { return policies_; }
  AddonData* addon_data() const { return data_; }
  napi_async_context async_context() const { return async_; }
  bool is_open() const { return lws_ && !close_wanted_; }
  bool can_call_js() const;

  void Add(SsStream* stream);
  void Remove(SsStream* stream);
  // `stream` has work to do, or something to tell, as soon as the stack is clean.
  void Schedule(SsStream* stream);
  // To be called when is_ref() of `stream` has changed.
  void RefChanged(SsStream* stream);

  // A line of the form of SSLKEYLOGFILE.
  void OnKeyLine(const char* line) { notices_.push_back({kNoticeKey, 0, line}); }
  // Ends everything now, from a clean stack; handles are closed when the loop has gone round.
  void CloseNow();

 private:
  struct Notice {
    int kind;
    int code;
    std::string text;
  };

  // lws passes its link to OnSystemState(), which finds the context behind it.
  struct StateLink {
    lws_state_notify_link_t lws;
    SsContext* context;
  };

  static int OnSystemState(lws_state_manager_t* manager, lws_state_notify_link_t* link, int current,
                           int target);
  static void OnLog(lws_log_cx* cx, int level, const char* line, size_t length);

  void Turn() override;
  void Enter() override { depth_++; }
  // Events are told here, and not at the end of a ServiceScope: JavaScript that has entered lws by
  // a call has to return first, since only then can it listen to them.
  void Leave() override {
    if (--depth_ == 0) OnCleanStack();
  }

  bool Open(const Napi::Object& options);
  bool MakeDefaultVhost();
  void AddTrust(const Napi::Value& certificates);
  void OnCleanStack();
  void UpdateKeepAlive();
  // Of `now`, tells those that have nothing else to tell which messages were sent.
  void TellSent(const std::vector<SsStream*>& now);
  void TellNotices();
  void ReleaseJs();

  Napi::Value SetPolicy(const Napi::CallbackInfo& info);
  Napi::Value SetBlob(const Napi::CallbackInfo& info);
  Napi::Value MakeVhosts(const Napi::CallbackInfo& info);
  Napi::Value SetLogLevel(const Napi::CallbackInfo& info);
  Napi::Value SetKeyLog(const Napi::CallbackInfo& info);
  Napi::Value Broadcast(const Napi::CallbackInfo& info);
  Napi::Value ListenToTraffic(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value SetRef(const Napi::CallbackInfo& info);

  AddonData* data_;
  EventLoop* loop_ = nullptr;
  // What closes after the context has: until then, sockets whose peers have not read all.
  EventLoop* closing_loop_ = nullptr;
  lws_context* lws_ = nullptr;
  Cookies cookies_;
  Signer signer_;
  Redirects redirects_;
  Proxies proxies_;
  Traffic traffic_;
  EventDelivery delivery_;
  PolicyDatabase policies_;
  lws_log_cx log_ = {};
  StateLink state_link_ = {};
  lws_state_notify_link_t* state_links_[2] = {&state_link_.lws, nullptr};
  std::string policy_;
  Napi::FunctionReference on_notice_;
  Napi::ObjectReference async_resource_;
  napi_async_context async_ = nullptr;
  std::unordered_set<SsStream*> streams_;
  std::vector<SsStream*> scheduled_;
  int ref_streams_ = 0;
  std::vector<Notice> notices_;
  int depth_ = 0;
  bool on_clean_stack_ = false;
  bool logs_keys_ = false;
  bool ref_wanted_ = true;
  bool operational_ = false;
  bool close_wanted_ = false;
  bool closed_ = false;
};

#endif
