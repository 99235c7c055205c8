/** Metadata as programs give it, and the check of its form. */
import { checkObject, invalidArgType } from '../arguments.js'

/** Values of a streamtype's metadata, by name; text is UTF-8. */
export type Metadata = Readonly<Record<string, string | Uint8Array>>

/** @throws TypeError unless it is left out or an object of names and values */
export function checkMetadata(metadata: unknown): asserts metadata is Metadata | undefined {
  if (metadata === undefined) return
  checkObject('options.metadata', metadata)
  // A Map and its like have their names elsewhere, and would be taken for an object without any.
  if (Symbol.iterator in metadata)
    throw invalidArgType('options.metadata', 'an object of names and values', metadata)
}
