// Plain sockets for tests of the event loop, as functions for JavaScript.
#ifndef LWS_SS_TEST_UNIT_LOOP_NATIVE_SOCKETS_H_
#define LWS_SS_TEST_UNIT_LOOP_NATIVE_SOCKETS_H_

#include <libwebsockets.h>
#include <napi.h>

// pair(): two connected sockets. connect(port): one that has begun to connect.
// read(socket), write(socket, length): how many bytes, 'again', or 'reset'; 0 is the end.
// shutdown(socket), reset(socket), close(socket).
void DefineSockets(Napi::Env env, Napi::Object exports);

void CloseSocket(lws_sockfd_type fd);

#endif
