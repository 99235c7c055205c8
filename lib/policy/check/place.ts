/** Where a finding about a key of a streamtype is placed. */
import type { Streamtype } from '../form/types.js'
import { nameOf, type PolicyNode } from '../read/node.js'
import { memberFor } from '../read/read-sections.js'
import type { StreamtypeEntry } from '../read/read-streamtype.js'

/** The node of a key, or of the streamtype's name where the key is not given. */
export function placeOf({ node }: StreamtypeEntry, key: string): PolicyNode {
  return memberFor('streamtype', node, key) ?? nameOf(node)
}

/** True when a streamtype has a key whose value was refused, and told of. */
export function isRefused({ node, value }: StreamtypeEntry, key: keyof Streamtype): boolean {
  return value[key] === undefined && memberFor('streamtype', node, key) !== undefined
}
