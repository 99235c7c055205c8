// PKCS #12, which node:crypto does not read.
#ifndef LWS_SS_NATIVE_NODE_PKCS12_H_
#define LWS_SS_NATIVE_NODE_PKCS12_H_

#include <napi.h>

// (pfx, passphrase): the key as PKCS #8, its certificate, and the other certificates, each as DER;
// an empty array when it cannot be read.
Napi::Value ReadPkcs12(const Napi::CallbackInfo& info);

#endif
