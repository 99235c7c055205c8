// The numbers that JavaScript and the addon speak in.
#ifndef LWS_SS_NATIVE_NODE_NUMBERS_H_
#define LWS_SS_NATIVE_NODE_NUMBERS_H_

#include <napi.h>

// The numbers in what passes between JavaScript and the addon, by name: { events, notices, ... }.
// Each is kept in one place, its enumeration.
Napi::Object Numbers(Napi::Env env);

#endif
