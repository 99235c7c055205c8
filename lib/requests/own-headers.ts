/** The headers that a request has by itself, where neither policy nor program says them. */
import type { Kind } from '../streamtypes/kind.js'
import type { Metadata } from '../streamtypes/metadata.js'
import { ACCEPTED_CODINGS } from './codings.js'

/**
 * The headers that a request has by itself, by the names that they have as metadata.
 *
 * @param metadata - what the program has set
 * @param own - the type of the body, if it has one; whether the answer is decoded
 */
export function ownHeaders(
  kind: Kind,
  metadata: Metadata,
  { type, decode }: { type: string | undefined; decode: boolean },
): [name: string, value: string][] {
  const isSaid = (header: string) =>
    Object.keys(metadata).some(
      (name) =>
        name === kind.metadataFor(header) ||
        (kind.takesHeaders && name.toLowerCase() === `${header}:`),
    )
  const headers: [header: string, value: string][] = []
  if (type !== undefined && !kind.formsBodies) headers.push(['content-type', type])
  // Of a range of coded bytes nothing can be decoded.
  if (decode && !kind.takesAnswersApart && !isSaid('range'))
    headers.push(['accept-encoding', ACCEPTED_CODINGS])
  return headers
    .filter(([header]) => !isSaid(header))
    .map(([header, value]) => [kind.metadataFor(header) ?? `${header}:`, value])
}
