// Makes nodes of a JavaScript object.
import { quote } from '../form/text.js'
import { MAX_DEPTH, MAX_NODES, type PolicyNode } from './node.js'
import type { Report } from './report.js'

const NONE: readonly PolicyNode[] = []

/**
 * Turns a JavaScript value into nodes without trusting it: getters may throw, proxies may lie, the
 * object may contain itself. What cannot be read is reported and left out.
 */
export function nodeFromValue(value: unknown, report: Report): PolicyNode | undefined {
  return new ValueWalk(report).convert(value, undefined, '')
}

/** One walk through a value. */
class ValueWalk {
  readonly #report: Report
  readonly #ancestors: object[] = []
  /** Shared subtrees can make a small object stand for an endless policy. */
  #nodes = 0

  constructor(report: Report) {
    this.#report = report
  }

  convert(
    value: unknown,
    parent: PolicyNode | undefined,
    key: string | number,
  ): PolicyNode | undefined {
    if (++this.#nodes > MAX_NODES) {
      if (this.#nodes === MAX_NODES + 1) {
        this.#report.error('too-large', -1, `a policy holds at most ${MAX_NODES} values`)
      }
      return undefined
    }
    switch (typeof value) {
      case 'string':
        return nodeOf('string', value, parent, key)
      case 'boolean':
        return nodeOf('boolean', value, parent, key)
      case 'number':
        if (Number.isFinite(value)) {
          return nodeOf('number', value, parent, key)
        }
        break
      case 'object':
        return value === null
          ? nodeOf('null', value, parent, key)
          : this.#convertObject(value, parent, key)
    }
    const what = typeof value === 'number' ? String(value) : `a value of type ${typeof value}`
    const at = nodeOf('null', null, parent, key)
    this.#report.error('wrong-type', at, `${what} is not JSON; use strings, numbers and booleans`)
    return undefined
  }

  #convertObject(
    value: object,
    parent: PolicyNode | undefined,
    key: string | number,
  ): PolicyNode | undefined {
    const children: PolicyNode[] = []
    const fail = (code: string, message: string): undefined => {
      this.#report.error(code, nodeOf('null', null, parent, key), message)
    }
    if (this.#ancestors.includes(value)) {
      return fail('cyclic', 'the object contains itself; a policy is a tree')
    }
    if (this.#ancestors.length >= MAX_DEPTH) {
      return fail('too-deep', `values are nested more than ${MAX_DEPTH} deep`)
    }
    this.#ancestors.push(value)
    try {
      if (Array.isArray(value)) {
        const node = nodeOf('array', undefined, parent, key, children)
        return this.#addItems(value, node, children) ? node : undefined
      }
      if (isPlain(value)) {
        const node = nodeOf('object', undefined, parent, key, children)
        this.#addMembers(value as Record<string, unknown>, node, children)
        return node
      }
      return fail('not-plain-object', 'only plain objects and arrays can be part of a policy')
    } catch (error) {
      return fail('unreadable', `reading this threw ${reasonOf(error)}; give plain data`)
    } finally {
      this.#ancestors.pop()
    }
  }

  #addItems(value: readonly unknown[], node: PolicyNode, children: PolicyNode[]): boolean {
    const { length } = value
    if (!(length <= MAX_NODES - this.#nodes)) {
      this.#report.error('too-large', node, `a policy holds at most ${MAX_NODES} values`)
      return false
    }
    for (let index = 0; index < length; index++) {
      const item = this.convert(value[index], node, index)
      if (item !== undefined) {
        children.push(item)
      }
    }
    return true
  }

  #addMembers(value: Record<string, unknown>, node: PolicyNode, children: PolicyNode[]): void {
    for (const name of Object.keys(value)) {
      const member = this.#member(value, name, node)
      if (member !== undefined) {
        children.push(member)
      }
    }
  }

  #member(object: Record<string, unknown>, name: string, node: PolicyNode): PolicyNode | undefined {
    let value: unknown
    try {
      value = object[name]
    } catch (error) {
      const at = nodeOf('null', null, node, name)
      this.#report.error('unreadable', at, `reading this threw ${reasonOf(error)}; give plain data`)
      return undefined
    }
    return value === undefined ? undefined : this.convert(value, node, name)
  }
}

function nodeOf(
  type: PolicyNode['type'],
  value: unknown,
  parent: PolicyNode | undefined,
  key: string | number,
  children = NONE,
): PolicyNode {
  return { type, value, offset: -1, parent, key, keyOffset: -1, children }
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
