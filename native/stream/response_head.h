// What a response says before its body.
#ifndef LWS_SS_NATIVE_STREAM_RESPONSE_HEAD_H_
#define LWS_SS_NATIVE_STREAM_RESPONSE_HEAD_H_

#include <string>

#include "lws/link.h"
#include "stream/metadata.h"

struct ResponseHead {
  // A 1xx is followed by another.
  bool is_final() const { return status == 0 || status >= 200; }

  // 0: what lws_ss_server_ack() said.
  unsigned int status = 0;
  // A line for each: name:value
  std::string fields;
  // Of the body, unless it is not known before its end.
  uint64_t length = SS_LINK_NO_LENGTH;
  Metadata metadata;
};

#endif
