// What lws was built with.
#ifndef LWS_SS_NATIVE_LWS_BUILD_FEATURES_H_
#define LWS_SS_NATIVE_LWS_BUILD_FEATURES_H_

#include <napi.h>

// What this lws was built with, by the names of its own build options.
Napi::Object BuildFeatures(Napi::Env env);

#endif
