/** Reads the vhost JSON, and finds what is wrong with it. */
import { readFileSync } from 'node:fs'
import { createSecureContext, DEFAULT_CIPHERS } from 'node:tls'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { PolicySource } from '../policy/form/policy-source.js'
import type { Diagnostic } from '../policy/read/diagnostic.js'
import type { PolicyNode } from '../policy/read/node.js'
import { readSource } from '../policy/read/read-source.js'
import type { Report } from '../policy/read/report.js'
import { didYouMean } from '../policy/read/suggest.js'
import { Vhost, type VhostKeys } from './vhost.js'

type Type = 'text' | 'file' | 'integer' | 'boolean'

/** Those that have a meaning for servers of streamtypes. */
const keys: Readonly<Record<string, Type>> = {
  name: 'text',
  port: 'integer',
  interface: 'text',
  noipv6: 'boolean',
  'host-ssl-cert': 'file',
  'host-ssl-key': 'file',
  'host-ssl-ca': 'file',
  'client-cert-required': 'boolean',
  ciphers: 'text',
  'tls13-ciphers': 'text',
  'ecdh-curve': 'text',
}

const forTls = Object.keys(keys).filter((key) => /ssl|cert|ciphers|curve/.test(key))

const notServed = 'virtual hosts have server streamtypes, and nothing else'
const byServe = 'it is an option of serve()'
const byPolicy = 'the streamtype says it in the policy'

/** The other keys that libwebsockets has, and why they are refused. */
const refused: Readonly<Record<string, string>> = {
  mounts: notServed,
  'ws-protocols': notServed,
  'access-log': notServed,
  'error-document-404': notServed,
  headers: 'transaction.ack() and the policy say what headers a response has',
  sts: 'transaction.ack() and the policy say what headers a response has',
  keepalive_timeout: `${byServe}, limits.keepAliveTimeout`,
  alpn: byPolicy,
  onlyraw: byPolicy,
  'listen-accept-role': byPolicy,
  'listen-accept-protocol': byPolicy,
  'apply-listen-accept': byPolicy,
  'fallback-listen-accept': byPolicy,
  'disable-no-protocol-ws-upgrades': byPolicy,
  'unix-socket': 'a streamtype whose endpoint begins with + has a Unix socket',
  'unix-socket-perms': 'a streamtype whose endpoint begins with + has a Unix socket',
}

const notHere = [
  ...['ipv6only', 'fo-listen-queue', 'ssl-option-set', 'ssl-option-clear', 'ignore-missing-cert'],
  ...['enable-client-ssl', 'client-ssl-key', 'client-ssl-cert', 'client-ssl-ca'],
  ...['client-ssl-ciphers', 'client-tls13-ciphers', 'ssl-client-option-set'],
  ...['ssl-client-option-clear', 'strict-host-check', 'allow-non-tls', 'redirect-http'],
  ...['allow-http-on-https', 'h2-half-closed-long-poll'],
]

// libwebsockets takes what is longer than 253 bytes for several values; an endpoint has ! before a name.
const LONGEST = 252

// libwebsockets puts the folder there that it would have been installed to.
const INSTALLED = '_lws_ddir_'

const on = new Set(['1', 'on', 'yes', 'true'])
const off = new Set(['0', 'off', 'no', 'false'])

/**
 * The virtual hosts of lws's vhost JSON.
 *
 * @param file - where the JSON is from, for messages
 * @throws SecureStreamError `ERR_SS_VHOSTS`
 */
export function vhostsOf(source: PolicySource, file?: string): readonly Vhost[] {
  const { root, report } = readSource(source)
  return new VhostsReader(report, file).read(root)
}

/** Reads one JSON. */
class VhostsReader {
  readonly #report: Report
  readonly #file: string | undefined

  constructor(report: Report, file: string | undefined) {
    this.#report = report
    this.#file = file
  }

  read(root: PolicyNode | undefined): readonly Vhost[] {
    this.#requireReadable()
    if (root?.type !== 'object') throw this.#error(root, 'must be an object with a list "vhosts"')
    for (const member of root.children)
      if (member.key !== 'vhosts')
        throw this.#error(member, `is unknown${didYouMean(String(member.key), ['vhosts'])}`)
    const [list, again] = root.children
    if (again) throw this.#error(again, 'is there twice')
    if (list?.type !== 'array' || list.children.length === 0)
      throw this.#error(list ?? root, 'must be a list "vhosts" with at least one virtual host')
    const all: Vhost[] = []
    for (const node of list.children) {
      const vhost = this.#vhost(node)
      const other = all.find((one) => one.name === vhost.name || one.excludes(vhost))
      if (other)
        throw this.#error(
          node,
          other.name === vhost.name
            ? `has the name of another one: '${vhost.name}'`
            : `listens where '${other.name}' does: bind several streamtypes to one of them`,
        )
      all.push(vhost)
    }
    return all
  }

  #requireReadable(): void {
    const [first] = this.#report.diagnostics.filter(({ severity }) => severity === 'error')
    if (!first) return
    const words: Readonly<Record<string, string>> = {
      'invalid-utf8': 'it has to be UTF-8',
      'empty-policy': 'it is empty',
      'trailing-content': 'it ends before this; remove what follows',
    }
    throw this.#failure(first, words[first.code] ?? first.message)
  }

  #vhost(node: PolicyNode): Vhost {
    if (node.type !== 'object') throw this.#error(node, 'must be an object')
    const read: Record<string, string | number | boolean> = {}
    for (const member of node.children) {
      const key = String(member.key)
      if (key in read) throw this.#error(member, 'is there twice')
      read[key] = this.#value(member, this.#typeOf(member, key))
    }
    for (const key of ['name', 'port'])
      if (!(key in read)) throw this.#error(node, `must have a "${key}"`)
    this.#checkTls(node, read)
    return new Vhost(read)
  }

  #typeOf(node: PolicyNode, key: string): Type {
    const type = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (type) return type
    if (Object.hasOwn(refused, key)) throw this.#error(node, `is not for vhosts: ${refused[key]}`)
    if (notHere.includes(key)) throw this.#error(node, 'is not supported')
    throw this.#error(node, `is unknown${didYouMean(key, Object.keys(keys))}`)
  }

  #value(node: PolicyNode, type: Type): string | number | boolean {
    const { value } = node
    const text = typeof value === 'string' ? value : String(value)
    switch (type) {
      case 'boolean':
        if (on.has(text.toLowerCase())) return true
        if (off.has(text.toLowerCase())) return false
        throw this.#error(node, 'must be true or false')
      case 'integer': {
        const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
        if (port <= 65535) return port
        throw this.#error(node, 'must be a number from 0 to 65535')
      }
      default:
        if (typeof value !== 'string' || !value || Buffer.byteLength(value) > LONGEST)
          throw this.#error(node, `must be text of 1 to ${LONGEST} bytes`)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that are sought
        if (/[\x00-\x1f]/.test(value)) throw this.#error(node, 'has a control character')
        if (value.includes(INSTALLED)) throw this.#error(node, `must not have ${INSTALLED} in it`)
        if (node.key === 'interface' && /^[+!]/.test(value))
          throw this.#error(node, 'must be an address or the name of an interface')
        return value
    }
  }

  /** libwebsockets leaves out what it cannot use. */
  #checkTls(node: PolicyNode, read: VhostKeys): void {
    const { 'host-ssl-cert': cert, 'host-ssl-key': key, 'host-ssl-ca': ca } = read
    if (cert === undefined && key === undefined) {
      const idle = forTls.find((name) => read[name] !== undefined && read[name] !== false)
      if (idle) throw this.#error(node, `has "${idle}" without "host-ssl-cert"`)
      return
    }
    if (cert === undefined || key === undefined)
      throw this.#error(node, 'must have both "host-ssl-cert" and "host-ssl-key"')
    if (read['client-cert-required'] && ca === undefined)
      throw this.#error(node, 'has "client-cert-required" without "host-ssl-ca"')
    const ciphers = [read['tls13-ciphers'], read.ciphers ?? DEFAULT_CIPHERS]
    try {
      createSecureContext({
        cert: readFileSync(cert as string),
        key: readFileSync(key as string),
        ...(ca !== undefined && { ca: readFileSync(ca as string) }),
        ciphers: ciphers.filter((some) => some !== undefined).join(':'),
        ...(read['ecdh-curve'] !== undefined && { ecdhCurve: read['ecdh-curve'] as string }),
      })
    } catch (error) {
      throw this.#error(node, `cannot be used in TLS: ${(error as Error).message}`, error)
    }
  }

  #error(node: PolicyNode | undefined, why: string, cause?: unknown): SecureStreamError {
    this.#report.error('vhosts', node ?? -1, why)
    const found = this.#report.diagnostics.at(-1) as Diagnostic
    return this.#failure(found, `${found.path || 'the JSON'} ${why}`, cause)
  }

  #failure({ line, column }: Diagnostic, why: string, cause?: unknown): SecureStreamError {
    const place = [this.#file, line, column].filter((part) => part !== undefined).join(':')
    return new SecureStreamError('ERR_SS_VHOSTS', `vhosts: ${place ? `${place}: ` : ''}${why}`, {
      ...(cause !== undefined && { cause }),
    })
  }
}
