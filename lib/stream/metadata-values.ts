import type { NativeStream } from '../addon/native.js'

export const NO_METADATA: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

/** The values that a stream's metadata have at present, as text; with `headers`, those of the response too. */
export function metadataValues(
  stream: NativeStream,
  names: readonly string[],
  headers: boolean,
): Readonly<Record<string, string>> {
  if (names.length === 0 && !headers) return NO_METADATA
  const values: Record<string, string> = Object.create(null)
  for (const name of headers ? [...names, ...stream.headerNames()] : names) {
    const value = stream.getMetadata(name)
    if (value) values[name] = value.toString('utf8')
  }
  return values
}
