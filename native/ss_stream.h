#ifndef LWS_SS_NATIVE_SS_STREAM_H_
#define LWS_SS_NATIVE_SS_STREAM_H_

#include <libwebsockets.h>
#include <napi.h>

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event_delivery.h"
#include "metadata.h"
#include "outgoing_message.h"
#include "policy_generation.h"

class EventLoop;
class SsContext;

// One Secure Stream, in one of two forms: with handlers, every lws callback becomes a call into
// JavaScript at once; without, what happens is collected and told in one call from a clean stack,
// and messages wait here for lws to ask for them.
class SsStream : public Napi::ObjectWrap<SsStream> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit SsStream(const Napi::CallbackInfo& info);

  bool is_ref() const { return ref_wanted_; }

  // From a clean stack: does what was asked for; then tells what happened.
  void Work();
  // Before that, one after the other: has what it takes brought into the cache.
  void PrefetchConnection() const;
  void PrefetchSocket(const EventLoop& loop) const;
  void Tell();
  void DestroyNow();
  // Lets go of JavaScript.
  void Release();

 private:
  struct UserData {
    lws_ss_handle* handle;
    SsStream* stream;
  };
  struct Wanted {
    bool destroy, disconnect, connect, listen, transaction, request_tx, flow, more;
  };
  // A message that the peer has yet to acknowledge, known by the ordinal of the tx that ended it.
  struct Unanswered {
    lws_ss_tx_ordinal_t ordinal;
    uint32_t id;
    // With the option resend: what goes out again when the connection is lost.
    std::optional<OutgoingMessage> again;
  };
  // Messages leave in the order of their ids; one in between may have been given up.
  struct Leaving {
    uint32_t first = 0, count = 0;
    void Add(uint32_t id) {
      if (count == 0) first = id;
      count = id - first + 1;
    }
  };
  struct Handlers {
    Napi::FunctionReference state, rx, tx;
  };
  struct Following {
    std::optional<std::string> streamtype;
    bool can_send;
  };

  static lws_ss_state_return_t OnRx(void* user, const uint8_t* data, size_t length, int flags);
  static lws_ss_state_return_t OnTx(void* user, lws_ss_tx_ordinal_t ordinal, uint8_t* into,
                                    size_t* length, int* flags);
  static lws_ss_state_return_t OnState(void* user, void* sink, lws_ss_constate_t state,
                                       lws_ss_tx_ordinal_t ordinal);

  bool Create(const std::string& streamtype);
  lws_ss_state_return_t State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal);
  lws_ss_state_return_t TxMessage(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                                  int* flags);
  lws_ss_state_return_t TxHandler(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                                  int* flags);
  lws_ss_state_return_t CallRx(const uint8_t* data, size_t length, int flags);
  bool CanTell(lws_ss_constate_t state) const;
  void Heed(lws_ss_state_return_t answer);
  void AddEvent(StreamEvent::Kind kind, uint32_t a, uint32_t b);
  // With bytes of its own, whose number is `a`.
  void AddEvent(StreamEvent::Kind kind, std::string_view bytes, uint32_t b);
  void Settle(lws_ss_constate_t verdict, lws_ss_tx_ordinal_t ordinal);
  void SettleTransaction(StreamEvent::Kind verdict);
  void SettlePublish(StreamEvent::Kind verdict, lws_ss_tx_ordinal_t ordinal);
  void RewindTransaction();
  void ForgetMessages();
  void SettleLeaving();
  void EndFruitless();
  void TakeBackPublishes();
  void DropStarted();
  const Metadata& MetadataToConnect() const;
  void PrepareConnection();
  void PrepareMessage(const OutgoingMessage& message);
  void ApplyMetadata(const Metadata& values, bool over_answer);
  void ReadAnswer();
  void AddHead();
  void AddTrailers();
  bool HasPart();
  OutgoingMessage* NextPart();
  lws_ss_state_return_t TxNothing(const OutgoingMessage* message, size_t* length, int* flags);
  void ChangePolicy();
  bool CloseConnection(Wanted& wanted);
  void Rest();
  bool TellInParts();
  void ReleaseOwn();
  void Pump();
  void RequestFront();
  void Schedule();
  bool can_call_js() const;

  Napi::Value Open(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Provide(const Napi::CallbackInfo& info);
  Napi::Value CancelSend(const Napi::CallbackInfo& info);
  Napi::Value Connect(const Napi::CallbackInfo& info);
  Napi::Value Listen(const Napi::CallbackInfo& info);
  Napi::Value RequestTx(const Napi::CallbackInfo& info);
  Napi::Value Disconnect(const Napi::CallbackInfo& info);
  Napi::Value Destroy(const Napi::CallbackInfo& info);
  Napi::Value SetReading(const Napi::CallbackInfo& info);
  Napi::Value SetMetadata(const Napi::CallbackInfo& info);
  Napi::Value GetMetadata(const Napi::CallbackInfo& info);
  Napi::Value AnswerNames(const Napi::CallbackInfo& info);
  Napi::Value StartTimeout(const Napi::CallbackInfo& info);
  Napi::Value CancelTimeout(const Napi::CallbackInfo& info);
  Napi::Value ServerAck(const Napi::CallbackInfo& info);
  Napi::Value AddPeerTxCredit(const Napi::CallbackInfo& info);
  Napi::Value PeerTxCredit(const Napi::CallbackInfo& info);
  Napi::Value Rideshare(const Napi::CallbackInfo& info);
  Napi::Value Tag(const Napi::CallbackInfo& info);
  Napi::Value KeepAnswer(const Napi::CallbackInfo& info);
  Napi::Value GoodResponse(const Napi::CallbackInfo& info);
  Napi::Value Failure(const Napi::CallbackInfo& info);
  Napi::Value FollowPolicy(const Napi::CallbackInfo& info);
  Napi::Value SetRef(const Napi::CallbackInfo& info);

  // What every message needs is at the beginning, and in few lines of the cache: of thousands of
  // streams hardly one is there still when it is its turn.
  SsContext* context_ = nullptr;
  lws_ss_handle* handle_ = nullptr;
  napi_async_context async_ = nullptr;
  std::unique_ptr<Handlers> handlers_;
  std::list<OutgoingMessage> outgoing_;
  // How many of them, from the first on, the current transaction has carried already: more than one
  // go with it when streamtypes share a ride.
  size_t parts_ = 0;
  Wanted wanted_ = {};
  bool transactional_ = false;
  bool acknowledged_ = false;
  bool can_send_ = true;
  bool resend_ = false;
  bool has_tx_length_ = false;
  bool reading_ = true;
  bool ref_wanted_ = true;
  bool scheduled_ = false;
  bool doomed_ = false;
  bool disconnecting_ = false;
  bool told_connected_ = false;
  bool gave_up_ = false;
  bool answered_ = false;
  bool unreachable_ = false;
  // Whether the connection, or the last one, was made for a message of which it has carried
  // nothing; with resend_, of which the peer has acknowledged none.
  bool fruitless_ = false;
  // Whether anything has been received on the connection; and whether the last one, on raw, was
  // refused by a TLS alert, which may come after CONNECTED.
  bool heard_ = false;
  bool refused_ = false;
  bool asked_for_tx_ = false;
  bool keeps_answer_ = false;
  bool released_ = false;
  uint16_t failures_ = 0;
  std::unique_ptr<Following> follow_;
  // What lws has taken whole, may not have given to the socket yet, and the peer will not
  // acknowledge.
  Leaving leaving_;
  std::vector<StreamEvent> events_, telling_;
  std::vector<uint8_t> received_, handing_over_;
  // Of the frame that received_ ends with, what is still to come.
  size_t rest_ = 0;
  MessageBuffer message_;
  // What lws has taken of a protocol that acknowledges and has no transactions, the oldest first.
  std::list<Unanswered> unanswered_;

  std::string streamtype_;
  int initial_tx_credit_ = 0;
  unsigned long tx_length_ = 0;
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
