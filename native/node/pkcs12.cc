// Has OpenSSL read PKCS #12.
#include "node/pkcs12.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace {

template <typename T, void (*free)(T*)>
struct Free {
  void operator()(T* object) const { free(object); }
};
template <typename T, void (*free)(T*)>
using Owned = std::unique_ptr<T, Free<T, free>>;

void FreeAll(STACK_OF(X509) * certificates) { sk_X509_pop_free(certificates, X509_free); }

template <typename T>
void Add(Napi::Array* to, const T* object, int (*encode)(const T*, unsigned char**)) {
  unsigned char* der = nullptr;
  const int length = object ? encode(object, &der) : 0;
  if (length > 0) to->Set(to->Length(), Napi::Buffer<unsigned char>::Copy(to->Env(), der, length));
  if (length > 0) OPENSSL_clear_free(der, static_cast<size_t>(length));
}

}  // namespace

Napi::Value ReadPkcs12(const Napi::CallbackInfo& info) {
  auto read = Napi::Array::New(info.Env());
  const auto pfx = info[0].As<Napi::Uint8Array>();
  const std::string passphrase = info[1].As<Napi::String>();
  const unsigned char* bytes = pfx.Data();
  const Owned<PKCS12, PKCS12_free> p12(
      d2i_PKCS12(nullptr, &bytes, static_cast<long>(pfx.ByteLength())));
  EVP_PKEY* key = nullptr;
  X509* own = nullptr;
  STACK_OF(X509)* others = nullptr;
  const bool ok = p12 && PKCS12_parse(p12.get(), passphrase.c_str(), &key, &own, &others) == 1;
  const Owned<EVP_PKEY, EVP_PKEY_free> key_owner(key);
  const Owned<X509, X509_free> own_owner(own);
  const Owned<STACK_OF(X509), FreeAll> others_owner(others);
  if (ok && key && own) {
    const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> pkcs8(EVP_PKEY2PKCS8(key));
    Add<PKCS8_PRIV_KEY_INFO>(&read, pkcs8.get(), i2d_PKCS8_PRIV_KEY_INFO);
    Add<X509>(&read, own, i2d_X509);
    for (int n = 0; n < sk_X509_num(others); n++)
      Add<X509>(&read, sk_X509_value(others, n), i2d_X509);
  }
  ERR_clear_error();
  return read;
}
