// The class of one Secure Stream.
#ifndef LWS_SS_NATIVE_STREAM_SS_STREAM_H_
#define LWS_SS_NATIVE_STREAM_SS_STREAM_H_

#include <libwebsockets.h>
#include <napi.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context/policy_generation.h"
#include "lws/link.h"
#include "stream/connection_use.h"
#include "stream/exchange.h"
#include "stream/kind.h"
#include "stream/metadata.h"
#include "stream/sink.h"

class EventLoop;
class SsContext;

// One Secure Stream: its life. lws does what it is told through its link; its exchange has what
// leaves; its sink tells JavaScript what happens, which with handlers is at once, and otherwise
// from a clean stack.
class SsStream final : public Napi::ObjectWrap<SsStream>,
                       private Exchange::Host,
                       private Sink::Host {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit SsStream(const Napi::CallbackInfo& info);
  ~SsStream() override;

  bool is_ref() const { return is_ref_; }

  // From a clean stack: does what was asked for; then tells what happened.
  void Work();
  // Before Work(), for many streams: the first for all of them, and then the second. They have the
  // memory that Work() needs brought into the cache.
  void PrefetchConnection() const;
  void PrefetchSocket(const EventLoop& loop) const;
  void Tell();
  // Whether all that is to be told is which messages were sent. Then Tell() has nothing left to
  // tell, and `numbers` gets how many there are, and their ids.
  bool TakeSent(std::vector<uint32_t>* numbers);
  // Sends a message that other streams send too.
  void SendShared(uint32_t id, const SharedBytes& bytes, FrameKind kind);
  void DestroyNow();
  // Lets go of JavaScript.
  void Release();

 private:
  // unopened: lws has no handle of it yet; closing: the program has called disconnect(), which is
  // still to be done; doomed: the stream is to be destroyed, or is; released: it has let go of
  // JavaScript.
  enum class Life : uint8_t { kUnopened, kOpen, kClosing, kDoomed, kReleased };
  // How the last attempt to have a connection goes, or went. over: there was a connection.
  enum class Attempt : uint8_t { kNone, kConnecting, kConnected, kOver, kUnreachable, kGaveUp };
  struct Link : ss_link {
    SsStream* stream;
  };
  // What JavaScript has asked for, to be done from a clean stack.
  struct Wishes {
    bool connect = false;
    bool connect_if_idle = false;
    bool disconnect = false;
    bool set_reading = false;
    bool request_tx = false;
    bool stop_listening = false;
    uint64_t tx_length = SS_LINK_NO_LENGTH;
  };
  // How the program wants the connection to end.
  struct Ending {
    // Only the sending side, and what the peer says is read for as long as it goes on.
    bool is_half;
    uint16_t code;
    std::string reason;
    bool begun;
  };
  struct Listening {
    bool shares_port;
    ss_link_limits limits;
  };
  struct Following {
    std::optional<std::string> streamtype;
    Kind kind;
  };

  static lws_ss_state_return_t OnRx(void* user, const uint8_t* data, size_t length, int flags);
  static lws_ss_state_return_t OnTx(void* user, lws_ss_tx_ordinal_t ordinal, uint8_t* into,
                                    size_t* length, int* flags);
  static lws_ss_state_return_t OnState(ss_link* link, lws_ss_constate_t state,
                                       lws_ss_tx_ordinal_t ordinal);
  static ss_link* OnAccept(ss_link* listener);
  static const ss_link_calls kCalls;
  static SsStream* Of(ss_link* link) { return static_cast<Link*>(link)->stream; }

  void Begin();
  static std::optional<Listening> ListeningOf(const Napi::Value& options);
  bool Create(const std::optional<Listening>& listening);
  void ThrowNotCreated();
  ss_link* Accept();
  ss_link* BeAcceptedBy(const SsStream& listener);
  void UseHandlers(const Napi::Object& handlers);
  std::unique_ptr<Exchange> MakeExchange(bool resend);
  static std::unique_ptr<lws_ss_ws_deflate_t> DeflateOf(const Napi::Value& given);
  lws_ss_state_return_t State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal);
  void OnConnected();
  void OnDisconnected();
  void OnTransaction();
  void OnUpgrade();
  static std::string Written(const ss_link_failure& failure, const char* words);
  void TellFailure(const char* otherwise);
  bool CloseConnection(Wishes& now);
  void DoWishes(Wishes now);
  void EndAttempt(Wishes& now);
  void TellRetry(uint64_t wait_ms);
  void EndWhenAnswered();
  void End();
  void DropStarted();
  void Doom();
  void ReleaseOwn();
  void ReleaseAsync();
  void ChangePolicy();
  const Metadata& MetadataToConnect() const;
  void ApplyMetadata(const Metadata& values, bool over_answer);
  void ReadAnswer();
  void AddHead();
  void AddRequest();
  void AddTrailers();
  bool is_there() const { return link_.handle != nullptr; }
  bool has_trailers() const {
    return keeps_answer_ || kind_.exchange == Kind::Exchange::kResponses;
  }
  bool is_released() const { return life_ == Life::kReleased; }
  ss_link_phase phase() const { return link_.ops->phase(&link_); }

  // Exchange::Host
  void Heed(lws_ss_state_return_t answer) override;
  void AddEvent(StreamEvent::Kind kind, uint32_t a, uint32_t b) override;
  void Schedule() override;
  void Disconnect() override;
  void PrepareConnection() override;
  void PrepareMessage(const Metadata& values) override;
  void BeginAnew() override;
  void NoteUse() override;
  bool is_connected() const override { return attempt_ == Attempt::kConnected; }
  bool is_closing() const override { return life_ != Life::kOpen; }
  bool is_reading() const override { return is_reading_; }

  // Sink::Host
  Napi::Env env() const override { return Env(); }
  napi_async_context async() const override { return async_; }
  Napi::Object object() override { return Value(); }
  EventDelivery& delivery() override;
  bool can_call_js() const override;

  Napi::Value Open(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Provide(const Napi::CallbackInfo& info);
  Napi::Value CancelSend(const Napi::CallbackInfo& info);
  Napi::Value Connect(const Napi::CallbackInfo& info);
  Napi::Value EndConnecting(const Napi::CallbackInfo& info);
  Napi::Value Listen(const Napi::CallbackInfo& info);
  Napi::Value RequestTx(const Napi::CallbackInfo& info);
  Napi::Value DisconnectByProgram(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value EndSending(const Napi::CallbackInfo& info);
  Napi::Value Destroy(const Napi::CallbackInfo& info);
  Napi::Value SetReading(const Napi::CallbackInfo& info);
  Napi::Value SetMetadata(const Napi::CallbackInfo& info);
  Napi::Value GetMetadata(const Napi::CallbackInfo& info);
  Napi::Value AnswerNames(const Napi::CallbackInfo& info);
  Napi::Value StartTimeout(const Napi::CallbackInfo& info);
  Napi::Value CancelTimeout(const Napi::CallbackInfo& info);
  Napi::Value ServerAck(const Napi::CallbackInfo& info);
  Napi::Value Respond(const Napi::CallbackInfo& info);
  Napi::Value EndResponse(const Napi::CallbackInfo& info);
  Napi::Value AddPeerTxCredit(const Napi::CallbackInfo& info);
  Napi::Value PeerTxCredit(const Napi::CallbackInfo& info);
  Napi::Value Rideshare(const Napi::CallbackInfo& info);
  Napi::Value ListenPort(const Napi::CallbackInfo& info);
  Napi::Value ListenAddresses(const Napi::CallbackInfo& info);
  Napi::Value StopListening(const Napi::CallbackInfo& info);
  Napi::Value CarriesStreams(const Napi::CallbackInfo& info);
  Napi::Value UseIdentity(const Napi::CallbackInfo& info);
  Napi::Value Peer(const Napi::CallbackInfo& info);
  Napi::Value PeerCertificate(const Napi::CallbackInfo& info);
  Napi::Value Tls(const Napi::CallbackInfo& info);
  Napi::Value Tag(const Napi::CallbackInfo& info);
  Napi::Value KeepAnswer(const Napi::CallbackInfo& info);
  Napi::Value GoodResponse(const Napi::CallbackInfo& info);
  Napi::Value Failure(const Napi::CallbackInfo& info);
  Napi::Value Whom(const Napi::CallbackInfo& info);
  Napi::Value FollowPolicy(const Napi::CallbackInfo& info);
  Napi::Value SetRef(const Napi::CallbackInfo& info);

  // The members that every message needs come first, in few cache lines: when a program has
  // thousands of streams, they have left the cache by the time they are needed.
  SsContext* context_ = nullptr;
  Link link_ = {};
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Sink> sink_;
  napi_async_context async_ = nullptr;
  Wishes wishes_;
  Life life_ = Life::kUnopened;
  Attempt attempt_ = Attempt::kNone;
  bool is_reading_ = true;
  bool is_ref_ = true;
  bool is_scheduled_ = false;
  // The program has asked for a tx that lws has not asked for yet.
  bool awaits_tx_ = false;
  bool has_handlers_ = false;
  // The peer sends no more, and may wait for an answer.
  bool is_peer_done_ = false;
  // The program has asked for a connection, and there has been none yet.
  bool awaits_connection_ = false;
  bool keeps_answer_ = false;
  // An attempt has failed, or the connection was lost, and what comes of that was not told yet.
  bool owes_retry_ = false;
  ConnectionUse use_;
  Kind kind_;
  std::unique_ptr<Following> follow_;
  std::unique_ptr<Ending> ending_;

  // Of a listener: gives the stream for a connection.
  Napi::FunctionReference accept_;
  std::string streamtype_;
  int initial_tx_credit_ = 0;
  // Of a client on ws that offers it.
  std::unique_ptr<lws_ss_ws_deflate_t> deflate_;
  // What the program says now; what it said when it asked for the connection that is being made;
  // and what lws has, which points into it.
  Metadata metadata_, connect_metadata_, applied_metadata_;
  // What the last answer says, unless the program has said something else since. The names of
  // headers, with direct_proto_str, are in lower case.
  MetadataValues answer_;
  // What the handle points into.
  std::shared_ptr<PolicyGeneration> policy_;
  std::vector<lws_ss_metadata_t> declared_metadata_;
};

#endif
