// Opens and closes an lws context, and has its streams do their work from a clean stack.
#include "context/ss_context.h"

#include <algorithm>

#include "lws/fault_injection.h"
#include "lws/link.h"
#include "lws/local_tls.h"
#include "lws/sockets.h"
#include "node/addon_data.h"
#include "node/js_call.h"
#include "stream/ss_stream.h"

namespace {

// With more streams than these, a stream has left the cache when its turn comes. What several need
// is then fetched at the same time.
constexpr size_t kCachedStreams = 500;

constexpr int kLevelsWhileOpening = LLL_ERR | LLL_WARN;
// One read from a socket hands over at most this much.
constexpr unsigned kServiceBufferBytes = 64 * 1024;
// Of an answer's headers, and of a request's URL.
constexpr unsigned kHeaderBytes = 32 * 1024;

}  // namespace

Napi::Function SsContext::Define(Napi::Env env) {
  return DefineClass(env, "Context",
                     {InstanceMethod<&SsContext::SetPolicy>("setPolicy"),
                      InstanceMethod<&SsContext::SetBlob>("setBlob"),
                      InstanceMethod<&SsContext::MakeVhosts>("makeVhosts"),
                      InstanceMethod<&SsContext::SetLogLevel>("setLogLevel"),
                      InstanceMethod<&SsContext::SetKeyLog>("setKeyLog"),
                      InstanceMethod<&SsContext::SetRef>("setRef"),
                      InstanceMethod<&SsContext::Broadcast>("broadcast"),
                      InstanceMethod<&SsContext::ListenToTraffic>("listenToTraffic"),
                      InstanceMethod<&SsContext::Close>("close")});
}

SsContext* SsContext::Of(lws_context* context) {
  return static_cast<SsContext*>(lws_context_user(context));
}

SsContext::SsContext(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SsContext>(info),
      data_(AddonData::Of(info.Env())),
      cookies_(this),
      signer_(this),
      redirects_(this),
      proxies_(this),
      traffic_(this) {
  const Napi::Env env = info.Env();
  if (IsEmpty()) {
    closed_ = true;
    data_->Keep(this);
    return;
  }
  const Napi::Object options = info[0].As<Napi::Object>();
  on_notice_ = Napi::Persistent(info[1].As<Napi::Function>());
  delivery_.SetFunctions(info[2].As<Napi::Function>(), info[3].As<Napi::Function>(),
                         info[4].As<Napi::Function>());

  uv_loop_t* uv = nullptr;
  napi_get_uv_event_loop(env, &uv);
  loop_ = new EventLoop(uv, this, data_);
  Napi::Object resource = Napi::Object::New(env);
  async_resource_ = Napi::Persistent(resource);
  napi_async_init(env, resource, Napi::String::New(env, "SECURESTREAM"), &async_);

  if (Open(options)) {
    data_->Add(this);
    Ref();
    UpdateKeepAlive();
    loop_->RequestTurn();
    return;
  }
  std::string why;
  for (const Notice& notice : notices_) why += notice.text;
  notices_.clear();
  ReleaseJs();
  AddonData* data = data_;
  data->RequestStarted();
  loop_->Close([data] { data->RequestDone(); });
  loop_ = nullptr;
  Napi::Error::New(env, why.empty() ? "libwebsockets could not create a context" : why)
      .ThrowAsJavaScriptException();
}

SsContext::~SsContext() = default;

bool SsContext::Open(const Napi::Object& options) {
  const Napi::Value policy = options.Get("policy");
  const Napi::Value trust = options.Get("trust");
  const Napi::Value max_sockets = options.Get("maxSockets");
  // There always are, but not in a worker that is being terminated.
  if (!policy.IsString() || trust.IsEmpty() || !max_sockets.IsNumber()) return false;
  policy_ = policy.As<Napi::String>();

  log_.u.emit_cx = OnLog;
  log_.opaque = this;
  log_.lll_flags = LLLF_LOG_CONTEXT_AWARE | kLevelsWhileOpening;

  state_link_.lws.name = "node";
  state_link_.lws.notify_cb = OnSystemState;
  state_link_.context = this;

  void* loops[1] = {loop_};
  lws_context_creation_info info = {};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                 LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS | LWS_SERVER_OPTION_VALIDATE_UTF8;
  info.event_lib_custom = EventLoop::Plugin();
  info.foreign_loops = loops;
  info.user = this;
  info.log_cx = &log_;
  info.register_notifier_list = state_links_;
  info.pss_policies_json = policy_.c_str();
  info.pt_serv_buf_size = kServiceBufferBytes;
  info.max_http_header_data = kHeaderBytes;
  info.client_conns_per_endpoint = max_sockets.As<Napi::Number>().Uint32Value();
  cookies_.SetJar(options.Get("cookies"));
  signer_.SetSign(options.Get("sign"));
  redirects_.SetResolve(options.Get("redirect"));
  proxies_.SetChoose(options.Get("chooseProxy"));

#if defined(LWS_WITH_SYS_FAULT_INJECTION)
  InjectFaults(&info);
#endif

  ServiceScope scope(this);
  lws_ = lws_create_context(&info);
  if (lws_ && (lws_context_is_being_destroyed(lws_) || !MakeDefaultVhost())) {
    lws_context_destroy(lws_);
    lws_ = nullptr;
  }
  if (lws_) {
    AddTrust(trust);
    policies_.Adopt(lws_);
    loop_->SetContext(lws_);
  }
  return lws_ != nullptr;
}

// TLS without a trust store of the policy goes by the vhost named "default": it gets what the
// application chose to trust.
bool SsContext::MakeDefaultVhost() {
  lws_context_creation_info info = {};
  info.vhost_name = "default";
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
  return lws_create_vhost(lws_, &info) != nullptr;
}

void SsContext::AddTrust(const Napi::Value& certificates) {
  if (!certificates.IsArray()) return;
  lws_vhost* vhost = lws_get_vhost_by_name(lws_, "default");
  const auto list = certificates.As<Napi::Array>();
  for (uint32_t n = 0; n < list.Length(); n++) {
    const auto der = list.Get(n).As<Napi::Uint8Array>();
    lws_tls_client_vhost_extra_cert_mem(vhost, der.Data(), der.ByteLength());
  }
}

bool SsContext::can_call_js() const { return data_->can_call_js() && !on_notice_.IsEmpty(); }

void SsContext::Add(SsStream* stream) {
  streams_.insert(stream);
  if (stream->is_ref()) ref_streams_++;
  UpdateKeepAlive();
}

void SsContext::Remove(SsStream* stream) {
  streams_.erase(stream);
  if (stream->is_ref()) ref_streams_--;
  scheduled_.erase(std::remove(scheduled_.begin(), scheduled_.end(), stream), scheduled_.end());
  UpdateKeepAlive();
}

void SsContext::RefChanged(SsStream* stream) {
  if (streams_.count(stream) == 0) return;
  ref_streams_ += stream->is_ref() ? 1 : -1;
  UpdateKeepAlive();
}

void SsContext::Schedule(SsStream* stream) {
  scheduled_.push_back(stream);
  if (loop_) loop_->RequestTurn();
}

void SsContext::UpdateKeepAlive() {
  if (!loop_) return;
  loop_->KeepAlive(close_wanted_ || (ref_wanted_ && (ref_streams_ > 0 || !operational_)));
}

void SsContext::Turn() {
  if (close_wanted_) {
    CloseNow();
    return;
  }
  OnCleanStack();
  if (loop_) loop_->ServicePending();
  if (loop_ && (close_wanted_ || !scheduled_.empty())) loop_->RequestTurn();
}

void SsContext::OnCleanStack() {
  if (on_clean_stack_) return;
  on_clean_stack_ = true;
  std::vector<SsStream*> now;
  now.swap(scheduled_);
  if (loop_ && streams_.size() > kCachedStreams) {
    for (const SsStream* stream : now) stream->PrefetchConnection();
    for (const SsStream* stream : now) stream->PrefetchSocket(*loop_);
  }
  for (SsStream* stream : now) stream->Work();
  traffic_.Tell();
  TellSent(now);
  for (SsStream* stream : now) stream->Tell();
  TellNotices();
  if (lws_) {
    ServiceScope scope(this);
    policies_.Sweep(lws_);
    // A change of policy, and what listens since, has brought vhosts that do not know of it.
    if (logs_keys_) ssi_log_keys(lws_, 1);
  }
  on_clean_stack_ = false;
  if (!scheduled_.empty() && loop_) loop_->RequestTurn();
}

void SsContext::TellSent(const std::vector<SsStream*>& now) {
  if (!can_call_js()) return;
  const Napi::HandleScope scope(Env());
  auto streams = Napi::Array();
  std::vector<uint32_t> numbers;
  uint32_t count = 0;
  for (SsStream* stream : now) {
    if (!stream->TakeSent(&numbers)) continue;
    if (streams.IsEmpty()) streams = Napi::Array::New(Env());
    // There is no memory only in a worker that is being terminated.
    if (streams.IsEmpty()) return;
    streams.Set(count++, stream->Value());
  }
  if (count) delivery_.DeliverSent(Env(), async_, streams, numbers);
}

void SsContext::TellNotices() {
  if (notices_.empty() || !can_call_js()) return;
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  std::vector<Notice> now;
  now.swap(notices_);
  for (const Notice& notice : now) {
    if (!can_call_js()) return;
    JsCall::Make(env, async_, Value(), on_notice_.Value(),
                 {Napi::Number::New(env, notice.kind), Napi::Number::New(env, notice.code),
                  Napi::String::New(env, notice.text)});
  }
}

int SsContext::OnSystemState(lws_state_manager_t* manager, lws_state_notify_link_t* link, int,
                             int target) {
  SsContext* self = reinterpret_cast<StateLink*>(link)->context;
  // lws calls this before a change, to ask, and after it. Only the second call counts.
  if (manager->state != target) return 0;
  if (target == LWS_SYSTATE_OPERATIONAL) self->operational_ = true;
  self->notices_.push_back({kNoticeState, target, manager->state_names[target]});
  self->UpdateKeepAlive();
  return 0;
}

void SsContext::OnLog(lws_log_cx* cx, int level, const char* line, size_t length) {
  auto* self = static_cast<SsContext*>(cx->opaque);
  while (length > 0 && line[length - 1] == '\n') length--;
  self->notices_.push_back({kNoticeLog, level, std::string(line, length)});
}

void SsContext::CloseNow() {
  EventLoop* loop = loop_ ? loop_ : closing_loop_;
  if (data_->is_closing() && loop) loop->MakeHaste();
  if (closed_) return;
  closed_ = true;
  close_wanted_ = true;
  on_clean_stack_ = true;
  const std::unordered_set<SsStream*> streams = streams_;
  for (SsStream* stream : streams) stream->DestroyNow();
  {
    ServiceScope scope(this);
    loop_->resolver().Abandon();
    log_.lll_flags = LLLF_LOG_CONTEXT_AWARE;
    // A wsi whose socket another wsi has taken over is in none of lws's tables: a timer is to free
    // it, and has to do so before the context goes.
    ssi_service_timers(lws_);
    lws_context* going = lws_;
    lws_ = nullptr;
    lws_context_destroy(going);
  }
  // What the streams have scheduled is not done any more.
  scheduled_.clear();
  for (SsStream* stream : streams) stream->Work();
  traffic_.Tell();
  for (SsStream* stream : streams) stream->Tell();
  TellNotices();
  // A listener may have made calls on streams meanwhile, and streams that could not call JavaScript
  // are still here.
  while (!streams_.empty()) (*streams_.begin())->Release();
  scheduled_.clear();

  closing_loop_ = std::exchange(loop_, nullptr);
  loop->Close([this] {
    closing_loop_ = nullptr;
    if (can_call_js()) {
      const Napi::HandleScope scope(Env());
      notices_.push_back({kNoticeClosed, 0, ""});
      TellNotices();
    }
    AddonData* data = data_;
    ReleaseJs();
    // The object may be collected from here on, so nothing uses it again.
    if (data->can_call_js()) Unref();
    data->Remove(this);
  });
}

void SsContext::ReleaseJs() {
  if (async_) napi_async_destroy(Env(), async_);
  async_ = nullptr;
  async_resource_.Reset();
  on_notice_.Reset();
  delivery_.Release();
  cookies_.Release();
  signer_.Release();
  redirects_.Release();
  proxies_.Release();
  traffic_.Release();
}

extern "C" void ssi_on_key_line(lws_context* cx, const char* line) {
  SsContext::Of(cx)->OnKeyLine(line);
}
