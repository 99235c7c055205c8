// Copies of the addon that the system's loader refuses, each for a reason of its own.

import { readFileSync } from 'node:fs'

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1')
}

/** The bytes of such addons, made of that which is a Linux program in `file`. */
export function damagedAddons(file: string) {
  const bytes = readFileSync(file)
  const AARCH64 = 183
  const otherProcessor = Buffer.from(bytes)
  otherProcessor.writeUInt16LE(AARCH64, 18)
  return {
    whole: bytes,
    otherProcessor,
    // As libraries of macOS begin.
    otherSystem: Buffer.concat([Buffer.from('cffaedfe', 'hex'), bytes.subarray(4)]),
    newerGlibc: replaced(bytes, 'GLIBC_2.', 'GLIBC_9.'),
    newerOpenssl: replaced(bytes, '\0SSL_CTX_free\0', '\0SSL_CTX_frey\0'),
  }
}
