// Tells JavaScript the numbers of the enumerations that it and the addon speak in.
#include "node/numbers.h"

#include <libwebsockets.h>

#include <initializer_list>

#include "context/ss_context.h"
#include "lws/link.h"
#include "node/event_delivery.h"

namespace {

struct Named {
  const char* name;
  int number;
};

void Add(Napi::Object* numbers, const char* group, std::initializer_list<Named> members) {
  auto object = Napi::Object::New(numbers->Env());
  // It is there, but not in a worker that is being terminated.
  if (object.IsEmpty()) return;
  for (const Named& member : members) object.Set(member.name, member.number);
  numbers->Set(group, object);
}

}  // namespace

Napi::Object Numbers(Napi::Env env) {
  auto numbers = Napi::Object::New(env);
  if (numbers.IsEmpty()) return numbers;
  Add(&numbers, "events",
      {{"state", StreamEvent::kState},
       {"rx", StreamEvent::kRx},
       {"sent", StreamEvent::kSent},
       {"failure", StreamEvent::kFailure},
       {"dropped", StreamEvent::kDropped},
       {"acknowledged", StreamEvent::kAcknowledged},
       {"refused", StreamEvent::kRefused},
       {"wanted", StreamEvent::kWanted},
       {"head", StreamEvent::kHead},
       {"ended", StreamEvent::kEnded},
       {"trailers", StreamEvent::kTrailers},
       {"published", StreamEvent::kPublished},
       {"retry", StreamEvent::kRetry}});
  Add(&numbers, "flags",
      {{"som", LWSSS_FLAG_SOM},
       {"eom", LWSSS_FLAG_EOM},
       {"perfJson", LWSSS_FLAG_PERF_JSON},
       {"binary", LWSSS_FLAG_WS_BINARY},
       {"retained", StreamEvent::kRetained}});
  Add(&numbers, "failures",
      {{"settingsDiffer", SS_LINK_SETTINGS_DIFFER}, {"notRepeated", SS_LINK_NOT_REPEATED}});
  Add(&numbers, "notices",
      {{"state", SsContext::kNoticeState},
       {"log", SsContext::kNoticeLog},
       {"closed", SsContext::kNoticeClosed},
       {"key", SsContext::kNoticeKey}});
  Add(&numbers, "logLevels",
      {{"error", LLL_ERR},
       {"warn", LLL_WARN},
       {"notice", LLL_NOTICE},
       {"info", LLL_INFO},
       {"all", (1 << LLL_COUNT) - 1}});
  // Of the two that lws has for each scheme of authentication, the first is a token.
  Add(&numbers, "blobs",
      {{"auth", LWS_SYSBLOB_TYPE_AUTH},
       {"clientCert", LWS_SYSBLOB_TYPE_CLIENT_CERT_DER},
       {"clientKey", LWS_SYSBLOB_TYPE_CLIENT_KEY_DER},
       {"deviceSerial", LWS_SYSBLOB_TYPE_DEVICE_SERIAL},
       {"deviceFirmwareVersion", LWS_SYSBLOB_TYPE_DEVICE_FW_VERSION},
       {"deviceType", LWS_SYSBLOB_TYPE_DEVICE_TYPE},
       {"mqttClientId", LWS_SYSBLOB_TYPE_MQTT_CLIENT_ID},
       {"mqttUsername", LWS_SYSBLOB_TYPE_MQTT_USERNAME},
       {"mqttPassword", LWS_SYSBLOB_TYPE_MQTT_PASSWORD},
       {"authScheme", LWS_SYSBLOB_TYPE_EXT_AUTH1}});
  Add(&numbers, "states",
      {{"CREATING", LWSSSCS_CREATING},
       {"DISCONNECTED", LWSSSCS_DISCONNECTED},
       {"UNREACHABLE", LWSSSCS_UNREACHABLE},
       {"AUTH_FAILED", LWSSSCS_AUTH_FAILED},
       {"CONNECTED", LWSSSCS_CONNECTED},
       {"CONNECTING", LWSSSCS_CONNECTING},
       {"DESTROYING", LWSSSCS_DESTROYING},
       {"POLL", LWSSSCS_POLL},
       {"ALL_RETRIES_FAILED", LWSSSCS_ALL_RETRIES_FAILED},
       {"QOS_ACK_REMOTE", LWSSSCS_QOS_ACK_REMOTE},
       {"QOS_NACK_REMOTE", LWSSSCS_QOS_NACK_REMOTE},
       {"QOS_ACK_LOCAL", LWSSSCS_QOS_ACK_LOCAL},
       {"QOS_NACK_LOCAL", LWSSSCS_QOS_NACK_LOCAL},
       {"TIMEOUT", LWSSSCS_TIMEOUT},
       {"SERVER_TXN", LWSSSCS_SERVER_TXN},
       {"SERVER_UPGRADE", LWSSSCS_SERVER_UPGRADE},
       {"EVENT_WAIT_CANCELLED", LWSSSCS_EVENT_WAIT_CANCELLED},
       {"UPSTREAM_LINK_RETRY", LWSSSCS_UPSTREAM_LINK_RETRY},
       {"SINK_JOIN", LWSSSCS_SINK_JOIN},
       {"SINK_PART", LWSSSCS_SINK_PART},
       {"USER_BASE", LWSSSCS_USER_BASE}});
  Add(&numbers, "returns",
      {{"TX_DONT_SEND", LWSSSSRET_TX_DONT_SEND},
       {"OK", LWSSSSRET_OK},
       {"DISCONNECT_ME", LWSSSSRET_DISCONNECT_ME},
       {"DESTROY_ME", LWSSSSRET_DESTROY_ME}});
  return numbers;
}
