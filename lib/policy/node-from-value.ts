import type { PolicyNode } from './node.js'
import type { Report } from './report.js'
import { quote } from './text.js'

const MAX_DEPTH = 32
/** Shared subtrees can make a small object stand for an endless policy. */
const MAX_NODES = 5_000_000

type Mutable = { -readonly [K in keyof PolicyNode]: PolicyNode[K] }

/** The state of one walk. */
interface Walk {
  readonly report: Report
  readonly ancestors: object[]
  nodes: number
}

/**
 * Turns a JavaScript value into nodes without trusting it: getters may throw, proxies may lie, the
 * object may contain itself. What cannot be read is reported and left out.
 */
export function nodeFromValue(value: unknown, report: Report): PolicyNode | undefined {
  return convert(value, undefined, { report, ancestors: [], nodes: 0 })
}

function convert(
  value: unknown,
  parent: PolicyNode | undefined,
  walk: Walk,
  index?: number,
): PolicyNode | undefined {
  const node = { offset: -1 } as Mutable
  if (parent !== undefined) {
    node.parent = parent
  }
  if (index !== undefined) {
    node.index = index
  }
  if (++walk.nodes > MAX_NODES) {
    if (walk.nodes === MAX_NODES + 1) {
      walk.report.error('too-large', node, `a policy holds at most ${MAX_NODES} values`)
    }
    return undefined
  }
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return Object.assign(node, { type: typeof value, value })
    case 'number':
      if (Number.isFinite(value)) {
        return Object.assign(node, { type: 'number' as const, value })
      }
      break
    case 'object':
      return value === null
        ? Object.assign(node, { type: 'null' as const, value })
        : convertObject(value, node, walk)
  }
  const what = typeof value === 'number' ? String(value) : `a ${typeof value}`
  walk.report.error('wrong-type', node, `${what} is no JSON value; use what JSON can express`)
  return undefined
}

function convertObject(value: object, node: Mutable, walk: Walk): PolicyNode | undefined {
  if (walk.ancestors.includes(value)) {
    walk.report.error('cyclic', node, 'the object contains itself; a policy is a tree')
    return undefined
  }
  if (walk.ancestors.length >= MAX_DEPTH) {
    walk.report.error('too-deep', node, `values are nested more than ${MAX_DEPTH} deep`)
    return undefined
  }
  walk.ancestors.push(value)
  try {
    if (Array.isArray(value)) {
      convertItems(value, node, walk)
    } else if (isPlain(value)) {
      convertMembers(value as Record<string, unknown>, node, walk)
    } else {
      walk.report.error(
        'not-plain-object',
        node,
        'only plain objects and arrays can be part of a policy; convert this one',
      )
      return undefined
    }
  } catch (error) {
    walk.report.error('unreadable', node, `reading this threw ${reasonOf(error)}; give plain data`)
    return undefined
  } finally {
    walk.ancestors.pop()
  }
  return node
}

function convertItems(value: readonly unknown[], node: Mutable, walk: Walk): void {
  const children: PolicyNode[] = []
  node.type = 'array'
  node.children = children
  const { length } = value
  if (!(length <= MAX_NODES - walk.nodes)) {
    walk.report.error('too-large', node, `a policy holds at most ${MAX_NODES} values`)
    return
  }
  for (let index = 0; index < length; index++) {
    const item = convert(value[index], node, walk, index)
    if (item !== undefined) {
      children.push(item)
    }
  }
}

function convertMembers(value: Record<string, unknown>, node: Mutable, walk: Walk): void {
  const children: PolicyNode[] = []
  node.type = 'object'
  node.children = children
  for (const name of Object.keys(value)) {
    const pair: PolicyNode[] = []
    const property: PolicyNode = { type: 'property', offset: -1, parent: node, children: pair }
    pair.push({ type: 'string', value: name, offset: -1, parent: property })
    const member = memberOf(value, name, property, walk)
    if (member !== undefined) {
      pair.push(member)
      children.push(property)
    }
  }
}

function memberOf(
  object: Record<string, unknown>,
  name: string,
  property: PolicyNode,
  walk: Walk,
): PolicyNode | undefined {
  let value: unknown
  try {
    value = object[name]
  } catch (error) {
    walk.report.error(
      'unreadable',
      property.children?.[0] ?? property,
      `reading this threw ${reasonOf(error)}; give plain data`,
    )
    return undefined
  }
  return value === undefined ? undefined : convert(value, property, walk)
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function reasonOf(error: unknown): string {
  try {
    return quote(error)
  } catch {
    return 'an error'
  }
}
