import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { PolicyNode } from './node.js'
import { Report } from './report.js'

/** No policy nests deeper than 7; the parser is recursive, so hostile depth has to end before it. */
const MAX_DEPTH = 32
const MAX_LENGTH = 64 * 1024 * 1024
const MAX_SYNTAX_ERRORS = 10

const SYNTAX: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no JSON value; strings and names need double quotes',
  InvalidNumberFormat: 'this number is not valid JSON',
  PropertyNameExpected: 'a name in double quotes is expected here; remove a trailing comma',
  ValueExpected: 'a value is expected here; remove a trailing comma',
  ColonExpected: 'a colon is expected between a name and its value',
  CommaExpected: 'a comma is expected here',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  InvalidCommentToken: 'a comment is not allowed here',
  UnexpectedEndOfComment: 'a comment is not closed',
  UnexpectedEndOfString: 'a string is not closed',
  UnexpectedEndOfNumber: 'this number is cut short',
  InvalidUnicode: 'this \\u escape needs four hex digits',
  InvalidEscapeCharacter: 'JSON has no such escape in a string',
  InvalidCharacter: 'a control character in a string has to be escaped',
}

/** A parsed text: no root when there is nothing to check further. */
export interface ParsedText {
  readonly root: PolicyNode | undefined
  readonly report: Report
}

/** Parses JSON with comments; syntax errors go to the report and leave no root. */
export function parseText(text: string): ParsedText {
  const report = new Report(text)
  if (text.length > MAX_LENGTH) {
    report.error('too-large', 0, `a policy is at most ${MAX_LENGTH} characters long`)
    return { root: undefined, report }
  }
  const { json, tooDeepAt } = blank(text)
  if (tooDeepAt !== undefined) {
    report.error('too-deep', tooDeepAt, `values are nested more than ${MAX_DEPTH} deep`)
    return { root: undefined, report }
  }
  const errors: ParseError[] = []
  const root = parseTree(json, errors, { allowEmptyContent: true }) as Node | undefined
  reportSyntax(errors, json, report)
  if (root === undefined && !report.failed) {
    report.error('empty-policy', 0, 'there is no policy in the text; a policy is a JSON object')
  }
  return { root: report.failed ? undefined : root, report }
}

/** Decodes UTF-8, the only encoding of JSON. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function reportSyntax(errors: readonly ParseError[], text: string, report: Report): void {
  let previous = -1
  for (const { error, offset } of errors) {
    if (offset === previous || report.diagnostics.length >= MAX_SYNTAX_ERRORS) {
      continue
    }
    previous = offset
    const name = printParseErrorCode(error)
    if (name === 'EndOfFileExpected') {
      report.error('trailing-content', offset, 'the policy ends before this; remove what follows')
      return
    }
    if (text.slice(offset).trim() === '') {
      report.error('unexpected-end', offset, 'the text ends inside the policy; it is cut short')
      return
    }
    report.error('invalid-json', offset, SYNTAX[name] ?? 'this is not valid JSON')
  }
}

/**
 * Blanks a byte order mark and the `#` comments that lws knows and jsonc-parser does not, keeping
 * every offset, and measures the depth on the way.
 */
function blank(text: string): { json: string; tooDeepAt?: number } {
  const parts: string[] = []
  let copied = 0
  let depth = 0
  const cut = (from: number, to: number) => {
    parts.push(text.slice(copied, from), ' '.repeat(to - from))
    copied = to
  }
  if (text.startsWith('\ufeff')) {
    cut(0, 1)
  }
  for (let at = copied; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at)
        break
      case '/':
        at = endOfComment(text, at)
        break
      case '#': {
        const end = endOfLine(text, at)
        cut(at, end)
        at = end - 1
        break
      }
      case '{':
      case '[':
        if (++depth > MAX_DEPTH) {
          return { json: '', tooDeepAt: at }
        }
        break
      case '}':
      case ']':
        depth--
        break
    }
  }
  return { json: parts.length === 0 ? text : parts.join('') + text.slice(copied) }
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
