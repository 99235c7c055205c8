/* Whether permessage-deflate (RFC 7692) can be had. lws calls the rest of deflate.c by itself. */
#ifndef LWS_SS_NATIVE_LWS_DEFLATE_H_
#define LWS_SS_NATIVE_LWS_DEFLATE_H_

#ifdef __cplusplus
extern "C" {
#endif

/* The process has a zlib whose functions are found by their names. */
int deflate_is_there(void);

#ifdef __cplusplus
}
#endif
#endif
