/** The nodes that a policy is read from: JSON values with their places. */

/**
 * A JSON value with its place. A parsed text and a JavaScript object both become nodes and are
 * checked by the same code. An object keeps its members as a list in source order, duplicates
 * included, never as JavaScript properties: a member named `__proto__` is only a string.
 */
export interface PolicyNode {
  readonly type: 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'
  readonly value: unknown
  /** In UTF-16 code units from the start of the text; -1 when there is no text. */
  readonly offset: number
  /** The object or array that holds this. */
  readonly parent: PolicyNode | undefined
  /** The name of a member or the index of an item. */
  readonly key: string | number
  /** The offset of a member's name. */
  readonly keyOffset: number
  readonly children: readonly PolicyNode[]
}

/** No policy nests deeper than 7; reading is recursive, so hostile depth has to end before it. */
export const MAX_DEPTH = 32

/** Far more than any policy has; less than what would exhaust memory. */
export const MAX_NODES = 1_000_000

/** Stands for the name of a member where something is said about the name, not the value. */
export function nameOf(member: PolicyNode): PolicyNode {
  return { ...member, offset: member.keyOffset }
}

const PLAIN_NAME = /^[A-Za-z_$][\w$-]*$/

/** The place of a node as one would write it in JavaScript: `s[0].mintest.port`. */
export function pathOf(node: PolicyNode): string {
  const segments: string[] = []
  for (let at = node; at.parent !== undefined; at = at.parent) {
    const { key } = at
    const isPlain = typeof key === 'string' && PLAIN_NAME.test(key)
    segments.push(isPlain ? `.${key}` : `[${JSON.stringify(key)}]`)
  }
  return segments.reverse().join('').replace(/^\./, '')
}
