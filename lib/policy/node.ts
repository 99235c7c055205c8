/**
 * A JSON value with its place. The shape is the one that jsonc-parser makes, so that a parsed text
 * and a JavaScript object (see `node-from-value.ts`) are checked by the same code. Objects keep
 * their members as a list, never as JavaScript properties: a key named `__proto__` is only a string.
 */
export interface PolicyNode {
  readonly type: 'object' | 'array' | 'property' | 'string' | 'number' | 'boolean' | 'null'
  readonly value?: unknown
  /** In UTF-16 code units from the start of the text; -1 when there is no text. */
  readonly offset: number
  readonly parent?: PolicyNode
  /** The index in an array that is still being made, or lost items that could not be read. */
  readonly index?: number
  readonly children?: readonly PolicyNode[]
}

/** One `"name": value` of an object. */
export interface Member {
  readonly name: string
  readonly nameNode: PolicyNode
  readonly node: PolicyNode
}

/** The members of an object node, in source order, duplicates included. */
export function membersOf(object: PolicyNode): Member[] {
  const members: Member[] = []
  for (const property of object.children ?? []) {
    const nameNode = property.children?.[0]
    const node = property.children?.[1]
    if (nameNode !== undefined && node !== undefined) {
      members.push({ name: nameNode.value as string, nameNode, node })
    }
  }
  return members
}

/** The items of an array node. */
export function itemsOf(array: PolicyNode): readonly PolicyNode[] {
  return array.children ?? []
}

const PLAIN_NAME = /^[A-Za-z_$][\w$-]*$/

/** The place of a node as one would write it in JavaScript: `s[0].mintest.port`. */
export function pathOf(node: PolicyNode): string {
  const segments: string[] = []
  for (let at: PolicyNode | undefined = node; at !== undefined; at = at.parent) {
    const { parent }: PolicyNode = at
    if (parent?.type === 'array') {
      segments.push(`[${at.index ?? itemsOf(parent).indexOf(at)}]`)
    } else if (parent?.type === 'property') {
      const name = parent.children?.[0]?.value as string
      segments.push(PLAIN_NAME.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)
    }
  }
  return segments.reverse().join('').replace(/^\./, '')
}
