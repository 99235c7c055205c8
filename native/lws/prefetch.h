/* Brings memory into the cache ahead of its use. */
#ifndef LWS_SS_NATIVE_LWS_PREFETCH_H_
#define LWS_SS_NATIVE_LWS_PREFETCH_H_

#include <stddef.h>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

/* Has memory brought into the cache while other work goes on; the address may be any. */
static inline void prefetch(const void* from, size_t length) {
  const size_t line = 64;
  for (size_t at = 0; at < length + line - 1; at += line) {
    const char* address = (const char*)from + at;
#if defined(__GNUC__)
    __builtin_prefetch(address);
#elif defined(_M_X64)
    _mm_prefetch(address, _MM_HINT_T0);
#elif defined(_M_ARM64)
    __prefetch(address);
#endif
  }
}

#endif
