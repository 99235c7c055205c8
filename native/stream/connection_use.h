// Keeps the count of failed attempts over connections that were of no use: lws begins to count anew
// after any connection, also after one that has carried nothing.
#ifndef LWS_SS_NATIVE_STREAM_CONNECTION_USE_H_
#define LWS_SS_NATIVE_STREAM_CONNECTION_USE_H_

#include "lws/link.h"

class ConnectionUse {
 public:
  void Connecting(const ss_link* link) { failures_ = link->ops->failures(link); }

  // `has_purpose`: it was made for a message.
  void Connected(ss_link* link, bool has_purpose) {
    if (is_useless_ || was_refused_) link->ops->set_failures(link, failures_);
    has_heard_ = false;
    is_useless_ = has_purpose;
  }

  void Heard() { has_heard_ = true; }

  // It has carried something: failures count from here on.
  void Note(ss_link* link) {
    if (is_useless_ && !was_refused_) link->ops->set_failures(link, 0);
    is_useless_ = false;
  }

  // `can_be_refused`: the protocol does not say that the peer accepts a connection, so that a TLS
  // alert that refuses it may come after CONNECTED.
  void Over(const ss_link* link, bool has_purpose, bool can_be_refused) {
    is_useless_ = is_useless_ && has_purpose;
    was_refused_ = can_be_refused && !has_heard_ && *link->ops->failure(link).reason;
  }

  // Of the connection that there is, or of the last one.
  bool is_useless() const { return is_useless_; }

 private:
  bool is_useless_ = false;
  bool has_heard_ = false;
  bool was_refused_ = false;
  uint16_t failures_ = 0;
};

#endif
