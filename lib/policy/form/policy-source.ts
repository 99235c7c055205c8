/** A policy as JSON text (`#`, `//` and block comments allowed), UTF-8 bytes of it, or an object. */
export type PolicySource = string | Uint8Array | object
