// Makes nodes of JSON text.
import type { JSONScanner } from 'jsonc-parser'
import { createScanner } from 'jsonc-parser/lib/umd/impl/scanner.js'
import { MAX_DEPTH, MAX_NODES, type PolicyNode } from './node.js'
import { Report } from './report.js'

const MAX_LENGTH = 64 * 1024 * 1024
const NONE: readonly PolicyNode[] = []

/** How deep the entries of a section are: the policy, the section, the entry. */
const ENTRY_DEPTH = 2

/** jsonc-parser declares its enums as `const`, which not every compiler can read. */
const Token = {
  OPEN_BRACE: 1,
  CLOSE_BRACE: 2,
  OPEN_BRACKET: 3,
  CLOSE_BRACKET: 4,
  COMMA: 5,
  COLON: 6,
  NULL: 7,
  TRUE: 8,
  FALSE: 9,
  STRING: 10,
  NUMBER: 11,
  EOF: 17,
} as const

const TOKEN_ERRORS: readonly string[] = [
  '',
  'a comment is not closed',
  'a string is not closed',
  'this number is cut short',
  'this \\u escape needs four hex digits',
  'JSON has no such escape in a string',
  'a control character in a string has to be escaped',
]

/** A parsed text: no root when there is nothing to check further. */
export interface ParsedText {
  readonly root: PolicyNode | undefined
  readonly report: Report
}

/** Parses JSON with comments; a syntax error goes to the report and leaves no root. */
export function parseText(text: string): ParsedText {
  const report = new Report(text)
  if (text.length > MAX_LENGTH) {
    report.error('too-large', 0, `a policy is at most ${MAX_LENGTH} characters long`)
    return { root: undefined, report }
  }
  return { root: new TextParser(blank(text), report).parse(), report }
}

/** Decodes UTF-8, the only encoding of JSON. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Builds nodes from the tokens of one text, up to the first syntax error. */
class TextParser {
  readonly #scanner: JSONScanner
  readonly #report: Report
  #token = 0
  #nodes = 0

  constructor(json: string, report: Report) {
    this.#scanner = createScanner(json, true)
    this.#report = report
  }

  parse(): PolicyNode | undefined {
    this.#next()
    if (this.#token === Token.EOF) {
      this.#fail('empty-policy', 'there is no policy in the text; a policy is a JSON object')
      return undefined
    }
    const root = this.#value(undefined, '', -1, 0)
    if (root !== undefined && this.#token !== Token.EOF) {
      this.#fail('trailing-content', 'the policy ends before this; remove what follows')
      return undefined
    }
    return root
  }

  #value(
    parent: PolicyNode | undefined,
    key: string | number,
    keyOffset: number,
    depth: number,
  ): PolicyNode | undefined {
    const offset = this.#scanner.getTokenOffset()
    const error = this.#scanner.getTokenError()
    if (error !== 0) {
      return this.#unexpected(TOKEN_ERRORS[error] ?? 'this is not valid JSON')
    }
    if (++this.#nodes > MAX_NODES) {
      return this.#fail('too-large', `a policy holds at most ${MAX_NODES} values`)
    }
    let type: PolicyNode['type']
    let value: unknown
    switch (this.#token) {
      case Token.STRING:
        type = 'string'
        value = this.#scanner.getTokenValue()
        break
      case Token.NUMBER:
        type = 'number'
        value = Number(this.#scanner.getTokenValue())
        break
      case Token.TRUE:
      case Token.FALSE:
        type = 'boolean'
        value = this.#token === Token.TRUE
        break
      case Token.NULL:
        type = 'null'
        value = null
        break
      case Token.OPEN_BRACE:
        return this.#container('object', parent, key, keyOffset, depth)
      case Token.OPEN_BRACKET:
        return this.#container('array', parent, key, keyOffset, depth)
      default:
        return this.#unexpected(
          parent
            ? 'a value is expected here; strings and names need double quotes'
            : 'a policy begins with {; the path of a file is given as policyFile',
        )
    }
    this.#next()
    return { type, value, offset, parent, key, keyOffset, children: NONE }
  }

  #container(
    type: 'object' | 'array',
    parent: PolicyNode | undefined,
    key: string | number,
    keyOffset: number,
    depth: number,
  ): PolicyNode | undefined {
    const offset = this.#scanner.getTokenOffset()
    if (depth === MAX_DEPTH) {
      return this.#fail('too-deep', `values are nested more than ${MAX_DEPTH} deep`)
    }
    const children: PolicyNode[] = []
    const node: PolicyNode = { type, value: undefined, offset, parent, key, keyOffset, children }
    return this.#children(node, children, depth + 1) ? node : undefined
  }

  #children(node: PolicyNode, children: PolicyNode[], depth: number): boolean {
    const close = node.type === 'object' ? Token.CLOSE_BRACE : Token.CLOSE_BRACKET
    this.#next()
    if (this.#token === close) {
      this.#next()
      return true
    }
    for (;;) {
      const child =
        node.type === 'object'
          ? this.#member(node, depth)
          : this.#value(node, children.length, -1, depth)
      if (child === undefined) {
        return false
      }
      children.push(child)
      if (this.#token === close) {
        this.#next()
        return true
      }
      if (depth === ENTRY_DEPTH && this.#recovers(node)) {
        return true
      }
      if (this.#token !== Token.COMMA) {
        this.#unexpected(`a comma or a closing ${node.type === 'object' ? '}' : ']'} is expected`)
        return false
      }
      const comma = this.#scanner.getTokenOffset()
      if (this.#next() === close && node.type === 'array') {
        this.#report.info(
          'trailing-comma',
          comma,
          'lws lets a comma end a list; other readers of JSON do not: remove it',
        )
        this.#next()
        return true
      }
    }
  }

  /**
   * A section that ends in `}` instead of `]`, or in `}]`: lws reads past both, and policies of its
   * own examples end so.
   */
  #recovers(section: PolicyNode): boolean {
    if (section.type !== 'array' || this.#token !== Token.CLOSE_BRACE) {
      return false
    }
    const brace = this.#scanner.getTokenOffset()
    const isSuperfluous = this.#next() === Token.CLOSE_BRACKET
    this.#report.warning(
      'mismatched-bracket',
      brace,
      isSuperfluous ? 'this } closes nothing: remove it' : 'a ] is missing before this }: add it',
    )
    if (!isSuperfluous) {
      this.#scanner.setPosition(brace)
    }
    this.#next()
    return true
  }

  #member(node: PolicyNode, depth: number): PolicyNode | undefined {
    const error = this.#scanner.getTokenError()
    if (this.#token !== Token.STRING || error !== 0) {
      return this.#unexpected(
        TOKEN_ERRORS[error] || 'a name in double quotes is expected here; remove a trailing comma',
      )
    }
    const key = this.#scanner.getTokenValue()
    const keyOffset = this.#scanner.getTokenOffset()
    if (this.#next() !== Token.COLON) {
      return this.#unexpected('a colon is expected between a name and its value')
    }
    this.#next()
    return this.#value(node, key, keyOffset, depth)
  }

  #next(): number {
    this.#token = this.#scanner.scan()
    return this.#token
  }

  #unexpected(message: string): undefined {
    return this.#token === Token.EOF
      ? this.#fail('unexpected-end', 'the text ends inside the policy; it is cut short')
      : this.#fail('invalid-json', message)
  }

  #fail(code: string, message: string): undefined {
    this.#report.error(code, this.#scanner.getTokenOffset(), message)
  }
}

/**
 * Blanks a byte order mark and the `#` comments that lws knows and jsonc-parser does not, keeping
 * every offset.
 */
function blank(text: string): string {
  const marked = text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text
  if (!marked.includes('#')) {
    return marked
  }
  const parts: string[] = []
  let copied = 0
  for (let at = 0; at < marked.length; at++) {
    switch (marked[at]) {
      case '"':
        at = endOfString(marked, at)
        break
      case '/':
        at = endOfComment(marked, at)
        break
      case '#': {
        const end = endOfLine(marked, at)
        parts.push(marked.slice(copied, at), ' '.repeat(end - at))
        copied = end
        at = end - 1
        break
      }
    }
  }
  return parts.join('') + marked.slice(copied)
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') {
      at++
    } else if (char === '"' || char === '\n' || char === '\r') {
      return at
    }
  }
  return text.length
}

function endOfComment(text: string, start: number): number {
  if (text[start + 1] === '/') {
    return endOfLine(text, start) - 1
  }
  if (text[start + 1] === '*') {
    const end = text.indexOf('*/', start + 2)
    return end === -1 ? text.length : end + 1
  }
  return start
}

function endOfLine(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\n' || text[at] === '\r') {
      return at
    }
  }
  return text.length
}
