// What leaves on a stream, in which order, and when it has settled.
#ifndef LWS_SS_NATIVE_STREAM_EXCHANGE_H_
#define LWS_SS_NATIVE_STREAM_EXCHANGE_H_

#include "lws/link.h"
#include "node/event_delivery.h"
#include "stream/kind.h"
#include "stream/metadata.h"
#include "stream/outgoing_message.h"
#include "stream/response_head.h"

class Exchange {
 public:
  // The stream whose exchange it is.
  class Host {
   public:
    virtual ~Host() = default;
    // What lws answers to a call.
    virtual void Heed(lws_ss_state_return_t answer) = 0;
    virtual void AddEvent(StreamEvent::Kind kind, uint32_t a, uint32_t b) = 0;
    // Asks for Work(), and has events told.
    virtual void Schedule() = 0;
    // Has the connection closed, when the stack is clean.
    virtual void Disconnect() = 0;
    // Gives lws the values of metadata that it connects by, unless it has a connection.
    virtual void PrepareConnection() = 0;
    // Gives lws the values of metadata that a message has.
    virtual void PrepareMessage(const Metadata& values) = 0;
    // What is sent after the stream gave up is tried as often as the first time.
    virtual void BeginAnew() = 0;
    // The connection has carried something, or the peer has acknowledged it.
    virtual void NoteUse() = 0;
    virtual bool is_connected() const = 0;
    virtual bool is_closing() const = 0;
    virtual bool is_reading() const = 0;
  };

  virtual ~Exchange() = default;

  // What JavaScript does with messages.
  virtual void Send(OutgoingMessage message) = 0;
  virtual void Provide(uint32_t, uint32_t, const Napi::Value&) {}
  virtual void Cancel(uint32_t id) = 0;

  // Of a server: what it answers to the request that is there, and that this is all.
  virtual void Respond(ResponseHead) {}
  virtual void EndResponse() {}
  // There is a request.
  virtual void TransactionBegins() {}

  // The policy has changed.
  virtual void SetKind(const Kind& kind) = 0;

  // From a clean stack: asks lws for what there is to send.
  virtual void Pump() = 0;
  // lws asks for what is to be sent.
  virtual lws_ss_state_return_t Tx(lws_ss_tx_ordinal_t ordinal, uint8_t* into, size_t* length,
                                   int* flags) = 0;

  // How the connection fares.
  virtual void Connecting() {}
  virtual void Connected() {}
  virtual void Lost() {}
  // What the peer says of a message.
  virtual void Acknowledged(lws_ss_tx_ordinal_t) {}
  virtual void Refused(lws_ss_tx_ordinal_t) {}

  // Settles what the socket has taken since; whether anything was.
  virtual bool SettleWritten() { return false; }
  // Without a connection, what had begun to leave goes nowhere.
  virtual void DropStarted() = 0;
  // Nobody waits for any message any more.
  virtual void Clear() = 0;

  virtual bool is_empty() const = 0;
  // Whether the first of them went out on an earlier connection.
  virtual bool is_sent_again() const { return false; }
  // Whether the next attempt is still wanted; `answered`: the last was answered.
  virtual bool wants_retry(bool) const { return true; }
  // Whether a message makes the connection that was asked for.
  virtual bool makes_connection() const { return false; }
  // Whether the first connection waits for a message that is sent right after the stream was
  // opened.
  virtual bool waits_for_first() const { return false; }
  // Whether each message waits here with the metadata that the stream had at send(). Otherwise lws
  // gets metadata as soon as the program sets it.
  virtual bool keeps_metadata() const { return true; }
  // The metadata that a connection is made with: `now` is what the stream has, `asked` what it had
  // when the program asked for a connection, if it did.
  virtual const Metadata& MetadataToConnect(const Metadata& now, const Metadata& asked) const = 0;
};

#endif
