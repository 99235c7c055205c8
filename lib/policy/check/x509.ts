// Reads the fields of a certificate that the checks need.
import { type BaseBlock, Constructed, fromBER, Sequence, UTCTime } from 'asn1js'
import { bytesOfBase64 } from '../form/text.js'

/** What the checks need to know of a certificate. */
export interface X509 {
  /** The encoded name of the issuer; equal to `subject` when it issued itself. */
  readonly issuer: string
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** Reads a certificate in base64 of DER; undefined when it is none. */
export function readX509(base64: string): X509 | undefined {
  try {
    return read(base64)
  } catch {
    // asn1js throws at some of what is no certificate.
    return undefined
  }
}

function read(base64: string): X509 | undefined {
  const bytes = bytesOfBase64(base64)
  const { offset, result } = fromBER(bytes)
  if (offset !== bytes.length) {
    return undefined
  }
  const [body, , signature] = partsOf(result)
  const fields = partsOf(body)
  const isVersioned = !(fields[0] instanceof Sequence) && fields[0] instanceof Constructed
  const [, , issuer, validity, subject, key] = isVersioned ? fields.slice(1) : fields
  const [from, until] = partsOf(validity).map(timeOf)
  if (
    from === undefined ||
    until === undefined ||
    !(issuer instanceof Sequence && subject instanceof Sequence && key instanceof Sequence) ||
    signature === undefined
  ) {
    return undefined
  }
  return {
    issuer: encodingOf(issuer),
    subject: encodingOf(subject),
    notBefore: from,
    notAfter: until,
  }
}

function timeOf(block: BaseBlock): Date | undefined {
  const date = block instanceof UTCTime ? block.toDate() : undefined
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date
}

function partsOf(block: BaseBlock | undefined): readonly BaseBlock[] {
  return block instanceof Constructed ? block.valueBlock.value : []
}

function encodingOf(block: BaseBlock): string {
  return Array.from(block.valueBeforeDecodeView).join(' ')
}
