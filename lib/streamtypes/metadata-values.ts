/** The values of metadata that a stream has at present. */
import type { NativeStream } from '../addon/native.js'

export const NO_METADATA: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

/** The values that those of a stream's metadata have at present, as text. */
export function metadataValues(
  stream: NativeStream,
  names: readonly string[],
): Readonly<Record<string, string>> {
  if (names.length === 0) return NO_METADATA
  const values: Record<string, string> = Object.create(null)
  for (const name of names) {
    const value = stream.getMetadata(name)
    if (value) values[name] = value.toString('utf8')
  }
  return values
}
