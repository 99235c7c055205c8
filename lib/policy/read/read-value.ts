// Reads one value of a policy.
import { parseSocksProxy } from '../form/socks-proxy.js'
import { byteLength, hasControlCharacter, isPlain, quote, unusableInC } from '../form/text.js'
import type { KeySpec, TextFormat } from '../table/key-spec.js'
import { PROTOCOL_ALIASES, PROTOCOLS } from '../table/keys.js'
import { MAX_STRING_BYTES } from '../table/limits.js'
import { nameOf, type PolicyNode } from './node.js'
import type { Report } from './report.js'
import { didYouMean } from './suggest.js'

const HTTP_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]*$/
// What lws calls connections that are none of HTTP.
const NOT_HTTP = ['RAW', 'MQTT']
const LATER_PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['h3', 'protocol "h3" is of libwebsockets 5.0, and this build is of 4.3.5: use h2'],
])
const INTEGER = /^-?\d{1,15}$/

/**
 * Reads the value of a key that holds one simple value, in its normal form; undefined when it
 * cannot be used, which has then been reported.
 */
export function readScalar(spec: KeySpec, node: PolicyNode, report: Report): unknown {
  const { type } = spec
  switch (type.kind) {
    case 'text':
      return readText(spec.name, node, report, type.format)
    case 'reference':
      return readName(spec.name, node, report)
    case 'integer':
      return readInteger(spec.name, node, report, type.min, type.max, type.saturates)
    case 'boolean':
      return readBoolean(spec.name, node, report)
    case 'protocol':
      return readProtocol(node, report)
    case 'label':
      return readLabel(spec.name, node, report)
    default:
      return undefined
  }
}

/** Reads text that lws keeps as a C string. */
export function readText(
  what: string,
  node: PolicyNode,
  report: Report,
  format?: TextFormat,
): string | undefined {
  const value = expectType(node, 'string', what, 'a string', report)
  if (value === undefined) {
    return undefined
  }
  if (format === undefined && value.length <= MAX_STRING_BYTES && isPlain(value)) {
    return value
  }
  if (!isUsable(what, value, node, report)) {
    return undefined
  }
  const length = byteLength(value)
  if (length > MAX_STRING_BYTES) {
    report.error(
      'string-too-long',
      node,
      `${what} is ${length} bytes long; lws can hold ${MAX_STRING_BYTES}`,
    )
    return undefined
  }
  if (format !== 'message' && hasControlCharacter(value)) {
    report.error('control-character', node, `${what} holds a control character; remove it`)
    return undefined
  }
  if (format === 'token' && !HTTP_TOKEN.test(value)) {
    report.error('bad-token', node, `${what} ${quote(value)} is no HTTP token, such as GET or POST`)
    return undefined
  }
  if (format === 'token' && NOT_HTTP.includes(value)) {
    report.error(
      'bad-token',
      node,
      `${what} ${quote(value)} means no HTTP to lws; name a method, or change the protocol`,
    )
    return undefined
  }
  if (format === 'socks' && !parseSocksProxy(value)) {
    const form = 'address:port or user:password@address:port, such as 127.0.0.1:1080'
    report.error('bad-address', node, `${what} has the form ${form}`)
    return undefined
  }
  return value
}

/** Reads a name: text of any length, but not empty, that this library replaces for lws. */
export function readName(what: string, node: PolicyNode, report: Report): string | undefined {
  const value = expectType(node, 'string', what, 'a name in quotes', report)
  return value !== undefined && isName(what, value, node, report) ? value : undefined
}

/** Checks a name, be it a value or a key. */
export function isName(what: string, value: string, node: PolicyNode, report: Report): boolean {
  if (value === '') {
    report.error('empty-name', node, `the name of ${what} is empty; give it one`)
    return false
  }
  return isUsable(what, value, node, report)
}

/** Checks the name of a member. */
export function isMemberName(what: string, member: PolicyNode, report: Report): boolean {
  const name = member.key as string
  return (name !== '' && isPlain(name)) || isName(what, name, nameOf(member), report)
}

/** Reads a whole number, which may be written as a string as lws allows. */
export function readInteger(
  what: string,
  node: PolicyNode,
  report: Report,
  min: number,
  max: number,
  saturates = false,
): number | undefined {
  const { value } = node
  const numeric = node.type === 'string' && INTEGER.test(value as string)
  const number = numeric ? Number(value) : value
  if ((!numeric && node.type !== 'number') || !Number.isInteger(number)) {
    report.error('wrong-type', node, `${what} is a whole number from ${min} to ${max}`)
    return undefined
  }
  if (saturates && (number as number) > max) {
    report.warning(
      'out-of-range',
      node,
      `${what} is ${number}, and can be at most ${max}, which is used; lws makes ` +
        `${Number(number) % (max + 1)} of it: write ${max}`,
    )
    return max
  }
  if ((number as number) < min || (number as number) > max) {
    report.error('out-of-range', node, `${what} is ${number}; it can be from ${min} to ${max}`)
    return undefined
  }
  return (number as number) + 0
}

/** lws takes all but `true` for false. What can mean nothing else is accepted. */
function readBoolean(what: string, node: PolicyNode, report: Report): boolean | undefined {
  if (node.type === 'number' && node.value === 0) {
    report.warning('wrong-type', node, `${what} has to be true or false: write false instead of 0`)
    return false
  }
  return expectType(node, 'boolean', what, 'true or false', report)
}

/** Reports a value of the wrong JSON type; returns the value of the right one. */
export function expectType<T extends 'string' | 'boolean' | 'object' | 'array'>(
  node: PolicyNode,
  type: T,
  what: string,
  expected: string,
  report: Report,
): (T extends 'string' ? string : T extends 'boolean' ? boolean : true) | undefined {
  if (node.type !== type) {
    report.error('wrong-type', node, `${what} has to be ${expected}, not ${describe(node)}`)
    return undefined
  }
  return (type === 'object' || type === 'array' ? true : node.value) as never
}

function readProtocol(node: PolicyNode, report: Report): string | undefined {
  const value = expectType(node, 'string', 'protocol', 'a string', report)
  if (value === undefined) {
    return undefined
  }
  if (!(PROTOCOLS as readonly string[]).includes(value) && !PROTOCOL_ALIASES.has(value)) {
    const later = LATER_PROTOCOLS.get(value)
    report.error(
      'unknown-protocol',
      node,
      later ??
        `protocol ${quote(value)} is unknown; use ${PROTOCOLS.join(', ')}${didYouMean(value, PROTOCOLS)}`,
    )
    return undefined
  }
  return value
}

function readLabel(what: string, node: PolicyNode, report: Report): unknown {
  if (node.type !== 'string' && node.type !== 'number') {
    report.error('wrong-type', node, `${what} has to be a string or a number`)
    return undefined
  }
  return node.value
}

function isUsable(what: string, value: string, node: PolicyNode, report: Report): boolean {
  const problem = unusableInC(value)
  if (problem !== undefined) {
    report.error(problem.code, node, `${what} ${problem.message}`)
  }
  return problem === undefined
}

function describe(node: PolicyNode): string {
  switch (node.type) {
    case 'object':
    case 'array':
      return `an ${node.type}`
    case 'null':
      return 'null'
    default:
      return `the ${node.type} ${quote(node.value)}`
  }
}
