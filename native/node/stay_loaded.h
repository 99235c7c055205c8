// Keeps the addon in memory.
#ifndef LWS_SS_NATIVE_NODE_STAY_LOADED_H_
#define LWS_SS_NATIVE_NODE_STAY_LOADED_H_

// Has the addon stay in memory for as long as the process lives, though Node unloads an addon with
// the last thread that uses it: OpenSSL keeps pointers to functions of lws. Whether that is so.
bool StayLoaded();

#endif
