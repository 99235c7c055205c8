// What a streamtype is, as lib/ has it from the policy.
#ifndef LWS_SS_NATIVE_STREAM_KIND_H_
#define LWS_SS_NATIVE_STREAM_KIND_H_

#include <napi.h>

struct Kind {
  enum class Exchange { kBytes, kMessages, kPublishes, kRequests, kResponses };

  // { exchange, canSend, nailedUp, qos }
  static Kind Read(const Napi::Object& kind);

  bool is_transactional() const {
    return exchange == Exchange::kRequests || exchange == Exchange::kResponses;
  }
  // Whether a message is sent when the peer has it, and not when it has left.
  bool is_acknowledged() const {
    return exchange == Exchange::kRequests || exchange == Exchange::kPublishes;
  }

  Exchange exchange = Exchange::kBytes;
  bool can_send = false;
  bool nailed_up = false;
  // MQTT's QoS 0: lws acknowledges what it has written.
  bool at_most_once = false;
};

#endif
