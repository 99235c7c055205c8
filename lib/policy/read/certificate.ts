/** Structural checks of the base64 DER in `certs`: enough to keep lws's decoder in bounds. */

/** `MAX_CERT_TEMP` in lws, compared with the decoded bytes so far plus the next base64 piece. */
const DECODE_BUFFER = 3072
const PIECE = 254

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** What is wrong with a certificate or key: a diagnostic code and text. */
export interface CertificateProblem {
  readonly code: 'bad-base64' | 'bad-der' | 'certificate-too-large'
  readonly message: string
}

/** The base64 without the line breaks that a PEM file leaves in it. */
export function compactBase64(base64: string): string {
  return base64.replace(/\s+/g, '')
}

/** Checks compacted base64; undefined when lws can load it. */
export function checkCertificate(base64: string): CertificateProblem | undefined {
  if (base64.startsWith('-----')) {
    return {
      code: 'bad-base64',
      message: 'is PEM; give only the base64 between the BEGIN and END lines',
    }
  }
  if (base64.length % 4 !== 0 || !BASE64.test(base64)) {
    return {
      code: 'bad-base64',
      message: 'is not base64; give the base64 of a DER certificate or key',
    }
  }
  if (!fitsDecoder(base64.length)) {
    return {
      code: 'certificate-too-large',
      message: 'is larger than the 3 KB that lws can load; use a smaller certificate or key',
    }
  }
  return isDerSequence(base64)
    ? undefined
    : {
        code: 'bad-der',
        message: 'decodes, but not to a DER certificate or key; check that it is complete',
      }
}

function fitsDecoder(length: number): boolean {
  for (let start = 0; start < length; start += PIECE) {
    const decoded = Math.floor(start / 4) * 3
    if (decoded + Math.min(PIECE, length - start) >= DECODE_BUFFER) {
      return false
    }
  }
  return true
}

function isDerSequence(base64: string): boolean {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  const total = (base64.length / 4) * 3 - padding
  const head = atob(base64.slice(0, 8))
  const [tag, first = 0] = [head.charCodeAt(0), head.charCodeAt(1)]
  if (tag !== 0x30 || total < 2) {
    return false
  }
  if (first < 0x80) {
    return total === 2 + first
  }
  const lengthBytes = first & 0x7f
  if (lengthBytes === 0 || lengthBytes > 2 || total < 2 + lengthBytes) {
    return false
  }
  let length = 0
  for (let at = 0; at < lengthBytes; at++) {
    length = length * 256 + head.charCodeAt(2 + at)
  }
  return total === 2 + lengthBytes + length
}
