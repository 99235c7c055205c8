/** String tests and measures shared by the checks. */

/** The length of a string in UTF-8, in bytes: what lws's limits count. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) {
      // Each half of a surrogate pair stands for two of the pair's four bytes.
      bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1
    }
  }
  return bytes
}

/** Why a string cannot become a C string, or undefined. */
export function unusableInC(text: string): { code: string; message: string } | undefined {
  if (isPlain(text)) {
    return undefined
  }
  if (text.includes('\0')) {
    return {
      code: 'nul-character',
      message: 'contains a NUL character, which ends a string in lws; remove it',
    }
  }
  if (/\p{Surrogate}/u.test(text)) {
    return {
      code: 'lone-surrogate',
      message: 'contains half of a surrogate pair, which is no valid text; remove it',
    }
  }
  return undefined
}

/** True for printable ASCII, about which there is nothing more to find out. */
export function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) {
      return false
    }
  }
  return true
}

/** True when the text holds an ASCII control character other than NUL (see {@link unusableInC}). */
export function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) {
      return true
    }
  }
  return false
}

/** A value in a message: quoted, and cut when it is long. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

export function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
