// What the connections of a context say.
#ifndef LWS_SS_NATIVE_CONTEXT_TRAFFIC_H_
#define LWS_SS_NATIVE_CONTEXT_TRAFFIC_H_

#include <libwebsockets.h>
#include <napi.h>

#include <string>
#include <unordered_map>
#include <vector>

class SsContext;

// Collects what the connections of one lws context say, without TLS, while JavaScript wants it.
class Traffic {
 public:
  explicit Traffic(SsContext* context) : context_(context) {}

  // Calls hear(connection, sent, bytes) for each piece from now on, in turn, and, before the first
  // of a connection, open(connection, address, port, version, cipher, alpn, certificate?).
  void Listen(lws_context* lws, const Napi::Value& open, const Napi::Value& hear);
  // Tells what was collected.
  void Tell();
  void Release();

 private:
  struct Piece {
    uint32_t connection;
    bool sent;
    std::string bytes;
  };
  struct Opened {
    uint32_t connection;
    std::string address;
    int port;
    std::string version, cipher, alpn, certificate;
  };

  static void OnTraffic(lws* wsi, int sent, const void* bytes, size_t length);
  uint32_t NumberOf(lws* wsi);

  SsContext* context_;
  Napi::FunctionReference open_, hear_;
  // By name.
  std::unordered_map<std::string, uint32_t> connections_;
  std::vector<Opened> opened_;
  std::vector<Piece> pieces_;
};

#endif
