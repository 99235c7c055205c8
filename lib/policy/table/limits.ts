/** How much of each thing lws 4.3.5 can hold. */

/** lws 4.3.5 collects strings in pieces of this many bytes and keeps only the last piece. */
export const MAX_STRING_BYTES = 253
/** The longest path is `s[].NAME.client_buflen_rxflow_off_below`, in a 128-byte buffer. */
export const MAX_STREAMTYPE_BYTES = 90
/**
 * `s[].STREAMTYPE.metadata[].NAME` shares the same 128-byte buffer; the rest is for a reserved
 * streamtype whose name in lws is longer than its own.
 */
export const MAX_JSON_PATH_BYTES = 120
/** The Secure Streams proxy protocol carries no longer streamtype. */
export const MAX_PROXIED_STREAMTYPE_BYTES = 31
/** `lws_strexp_t.name[32]`. */
export const MAX_SUBSTITUTED_NAME_BYTES = 31
/** The Secure Streams proxy protocol carries no longer metadata name. */
export const MAX_PROXIED_METADATA_BYTES = 30
/** `ep[96]` in the `_lws_ss_client_connect()` of lws as it is published. */
export const MAX_PORTABLE_ENDPOINT_BYTES = 95
export const MAX_BACKOFFS = 8
export const MAX_RESPMAP_ITEMS = 16
export const MAX_STACK_CERTS = 6
/** `metadata_count` is 8 bits wide. */
export const MAX_METADATA_ITEMS = 255
/** `LWSSSCS_USER_BASE`: what is below is a state of lws's own. */
export const FIRST_USER_STATE = 1000
