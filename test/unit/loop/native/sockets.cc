// TCP sockets on the loopback address, which on all systems can be half closed and reset.
#include "sockets.h"

#include <cerrno>
#include <vector>

#ifndef _WIN32
#include <fcntl.h>
#endif

namespace {

lws_sockfd_type SocketOf(const Napi::Value& value) {
  return static_cast<lws_sockfd_type>(value.As<Napi::Number>().Int64Value());
}

Napi::Number ToJs(Napi::Env env, lws_sockfd_type fd) {
  return Napi::Number::New(env, static_cast<double>(fd));
}

void DoNotBlock(lws_sockfd_type fd) {
#ifdef _WIN32
  u_long yes = 1;
  ioctlsocket(fd, FIONBIO, &yes);
#else
  fcntl(fd, F_SETFL, O_NONBLOCK);
#endif
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

sockaddr* Generic(sockaddr_in* address) { return reinterpret_cast<sockaddr*>(address); }

Napi::Value Pair(const Napi::CallbackInfo& info) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  const lws_sockfd_type listener = socket(AF_INET, SOCK_STREAM, 0);
  const lws_sockfd_type one = socket(AF_INET, SOCK_STREAM, 0);
  lws_sockfd_type other = LWS_SOCK_INVALID;
  if (bind(listener, Generic(&address), size) == 0 && listen(listener, 1) == 0 &&
      getsockname(listener, Generic(&address), &size) == 0 &&
      connect(one, Generic(&address), size) == 0)
    other = accept(listener, nullptr, nullptr);
  CloseSocket(listener);
  DoNotBlock(one);
  DoNotBlock(other);
  Napi::Array pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, ToJs(info.Env(), one));
  pair.Set(1u, ToJs(info.Env(), other));
  return pair;
}

Napi::Value Connect(const Napi::CallbackInfo& info) {
  sockaddr_in address = Loopback(static_cast<uint16_t>(info[0].As<Napi::Number>().Uint32Value()));
  const lws_sockfd_type fd = socket(AF_INET, SOCK_STREAM, 0);
  DoNotBlock(fd);
  (void)!connect(fd, Generic(&address), sizeof(address));
  return ToJs(info.Env(), fd);
}

Napi::Value Done(Napi::Env env, int64_t bytes) {
  if (bytes >= 0) return Napi::Number::New(env, static_cast<double>(bytes));
#ifdef _WIN32
  const bool again = WSAGetLastError() == WSAEWOULDBLOCK;
#else
  const bool again = errno == EAGAIN || errno == EWOULDBLOCK;
#endif
  return Napi::String::New(env, again ? "again" : "reset");
}

Napi::Value Read(const Napi::CallbackInfo& info) {
  char bytes[65536];
  return Done(info.Env(), recv(SocketOf(info[0]), bytes, sizeof(bytes), 0));
}

Napi::Value Write(const Napi::CallbackInfo& info) {
  const std::vector<char> bytes(info[1].As<Napi::Number>().Uint32Value(), 'x');
  const auto length = static_cast<int>(bytes.size());
  return Done(info.Env(), send(SocketOf(info[0]), bytes.data(), length, 0));
}

void Shutdown(const Napi::CallbackInfo& info) {
#ifdef _WIN32
  shutdown(SocketOf(info[0]), SD_SEND);
#else
  shutdown(SocketOf(info[0]), SHUT_WR);
#endif
}

void CloseOf(const Napi::CallbackInfo& info) { CloseSocket(SocketOf(info[0])); }

void Reset(const Napi::CallbackInfo& info) {
  const linger at_once = {1, 0};
  setsockopt(SocketOf(info[0]), SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&at_once),
             sizeof(at_once));
  CloseOf(info);
}

}  // namespace

void CloseSocket(lws_sockfd_type fd) {
#ifdef _WIN32
  closesocket(fd);
#else
  close(fd);
#endif
}

void DefineSockets(Napi::Env env, Napi::Object exports) {
  exports.Set("pair", Napi::Function::New(env, Pair));
  exports.Set("connect", Napi::Function::New(env, Connect));
  exports.Set("read", Napi::Function::New(env, Read));
  exports.Set("write", Napi::Function::New(env, Write));
  exports.Set("shutdown", Napi::Function::New(env, Shutdown));
  exports.Set("close", Napi::Function::New(env, CloseOf));
  exports.Set("reset", Napi::Function::New(env, Reset));
}
