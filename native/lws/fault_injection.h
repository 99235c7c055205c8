// Faults of lws that tests ask for.
#ifndef LWS_SS_NATIVE_LWS_FAULT_INJECTION_H_
#define LWS_SS_NATIVE_LWS_FAULT_INJECTION_H_

#include <libwebsockets.h>

// Builds for tests only: has libwebsockets fail where LWS_SECURE_STREAMS_FAULTS says so. It is a
// list of libwebsockets' names of faults; NAME:N fails the Nth time alone. memory/REASON:N has no
// memory once, after N allocations for which libwebsockets gives that reason.
void InjectFaults(lws_context_creation_info* info);

#endif
