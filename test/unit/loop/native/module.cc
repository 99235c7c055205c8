// The addon that the tests of the event loop load.
#include <napi.h>

#include "loop/socket_index.h"
#include "loop/socket_map.h"
#include "sockets.h"
#include "test_loop.h"
#include "test_table.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("TestLoop", TestLoop::Define(env));
  exports.Set("SocketIndex", TestTable<SocketIndex<int, int>>::Define(env));
  exports.Set("SocketMap", TestTable<SocketMap<int, int>>::Define(env));
  DefineSockets(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(loop_test, Init)
