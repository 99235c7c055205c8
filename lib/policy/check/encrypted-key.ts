// Recognises a private key that is encrypted.
import { fromBER, ObjectIdentifier, OctetString, Sequence } from 'asn1js'

/** Whether it is a private key, as PKCS#8 in DER, that is encrypted with a passphrase. */
export function isEncryptedKey(der: Uint8Array): boolean {
  try {
    const { offset, result } = fromBER(der as Uint8Array<ArrayBuffer>)
    if (offset !== der.byteLength || !(result instanceof Sequence)) return false
    const [algorithm, encrypted, ...more] = result.valueBlock.value
    return (
      algorithm instanceof Sequence &&
      algorithm.valueBlock.value[0] instanceof ObjectIdentifier &&
      encrypted instanceof OctetString &&
      more.length === 0
    )
  } catch {
    // asn1js throws at some of what is no ASN.1.
    return false
  }
}
