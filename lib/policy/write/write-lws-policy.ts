/** Writes what libwebsockets is given as the policy. */
import { applies } from '../check/check-streamtype.js'
import {
  defaultPort,
  missingServerMetadata,
  protocolOf,
  usedWithoutEndpoint,
} from '../form/streamtype.js'
import type { Auth, Policy, Retry, Streamtype, TrustStore } from '../form/types.js'
import type { KeySpec, Section } from '../table/key-spec.js'
import { KEYS } from '../table/keys.js'

/** Options of {@link writeLwsPolicy}. */
export interface WriteOptions {
  /**
   * Streamtypes that lws must not find under their own name, because it would act on them by
   * itself. Default: `['fetch_policy']`.
   */
  reserved?: readonly string[]
  /**
   * What the same lws context has been given before. Trust stores keep their names while they hold
   * the same certificates, and no other gets a name that was in use.
   */
  previous?: LwsPolicy
}

/** What {@link writeLwsPolicy} makes. */
export interface LwsPolicy {
  /** The text for `lws_context_creation_info.pss_policies_json`; begins with `{`. */
  readonly json: string
  /** Streamtype to the name that lws knows it by: its own, but for the reserved ones. */
  readonly streamtypes: ReadonlyMap<string, string>
  /** Trust store to the name of the vhost that lws makes for it; only those that are in use. */
  readonly trustStores: ReadonlyMap<string, string>
  /** The certificates of a trust store to the name of its vhost. */
  readonly vhosts: ReadonlyMap<string, string>
  /** How many names vhosts have had so far. */
  readonly vhostNames: number
}

/**
 * A server's vhost gets the streamtype's name, and lws looks for client vhosts of these names.
 */
const VHOST_NAMES: ReadonlySet<string> = new Set(['default', '_ss_default', 'system'])

const KIND_ORDER: readonly string[] = ['text', 'protocol', 'reference', 'integer', 'boolean']

/**
 * Writes the text that lws is given instead of a policy. lws 4.3.5 parses policies without checking
 * and dies of most mistakes, so this is the only way a policy reaches it.
 *
 * The text holds only what is in use and only keys that lws parses. Retry schemes, certificates,
 * trust stores and auth entries get names of equal length, because lws takes a prefix for a match,
 * and every use of a certificate gets its own copy.
 *
 * @param policy - in normal form and checked, as `readPolicy()` and `normalizePolicy()` return it
 */
export function writeLwsPolicy(policy: Policy, options: WriteOptions = {}): LwsPolicy {
  const writer = new LwsPolicyWriter(policy, options.reserved ?? ['fetch_policy'], options.previous)
  return {
    json: writer.write(),
    streamtypes: writer.streamtypes,
    trustStores: writer.names.trust_stores,
    vhosts: writer.vhosts,
    vhostNames: writer.vhostNames,
  }
}

type Json = string

/** Writes one policy. */
class LwsPolicyWriter {
  readonly streamtypes: ReadonlyMap<string, string>
  readonly names = {
    retry: new Map<string, string>(),
    trust_stores: new Map<string, string>(),
    auth: new Map<string, string>(),
  }
  readonly vhosts = new Map<string, string>()
  vhostNames: number
  readonly #earlierVhosts: ReadonlyMap<string, string>
  readonly #streamtypes: ReadonlyMap<string, Streamtype>
  readonly #retries: ReadonlyMap<string, Retry>
  readonly #certs: ReadonlyMap<string, string>
  readonly #stores: ReadonlyMap<string, TrustStore>
  readonly #auths: ReadonlyMap<string, Auth>
  readonly #written = { retry: [], certs: [], trust_stores: [], auth: [] } as Record<
    'retry' | 'certs' | 'trust_stores' | 'auth',
    Json[]
  >

  constructor(policy: Policy, reserved: readonly string[], previous?: LwsPolicy) {
    this.#earlierVhosts = previous?.vhosts ?? new Map()
    this.vhostNames = previous?.vhostNames ?? 0
    this.#streamtypes = flatten(policy.s)
    this.#retries = flatten(policy.retry)
    this.#certs = flatten(policy.certs)
    this.#stores = new Map(policy.trust_stores.map((store) => [store.name, store]))
    this.#auths = new Map(policy.auth.map((auth) => [auth.name, auth]))
    this.streamtypes = nameStreamtypes(this.#streamtypes, reserved)
  }

  write(): Json {
    const streamtypes = Array.from(this.#streamtypes, ([name, value]) =>
      record(this.streamtypes.get(name) as string, this.#streamtype(value)),
    )
    const { retry, certs, trust_stores, auth } = this.#written
    return object([
      // An empty object is not a policy to lws, and it ignores this.
      member('schema-version', '1'),
      ...section('retry', retry),
      ...section('certs', certs),
      ...section('trust_stores', trust_stores),
      ...section('auth', auth),
      ...section('s', streamtypes),
    ])
  }

  #streamtype(value: Streamtype): Json {
    const completed = complete(value)
    return this.#keys('streamtype', completed, completed)
  }

  #value(spec: KeySpec, value: unknown): Json | undefined {
    switch (spec.type.kind) {
      case 'text':
      case 'protocol':
        // lws shares storage between strings by their bytes and would point "" into a struct.
        return value === '' ? undefined : JSON.stringify(value)
      case 'integer':
        return String(value)
      case 'boolean':
        return value === true ? 'true' : undefined
      case 'reference':
        return JSON.stringify(this.#reference(spec.type.section, value as string))
      case 'delays':
      case 'metadata':
      case 'respmap':
        return (value as unknown[]).length === 0 ? undefined : JSON.stringify(value)
      default:
        return undefined
    }
  }

  #reference(section: Section, name: string): string {
    switch (section) {
      case 'retry':
        return this.#once(section, name, 'r', (internal) =>
          record(internal, this.#keys('retry', completeRetry(this.#retries.get(name)))),
        )
      case 'trust_stores':
        return this.#trustStore(name)
      case 'auth':
        return this.#once(section, name, 'a', (internal) =>
          this.#keys('auth', { ...this.#auths.get(name), name: internal }),
        )
      case 'certs':
        return this.#copyOfCert(name)
      case 's':
        return this.streamtypes.get(name) ?? name
      case 'metadata':
        return name
    }
  }

  #trustStore(name: string): string {
    const names = this.names.trust_stores
    const stack = this.#stores.get(name)?.stack ?? []
    const content = stack.map((cert) => this.#certs.get(cert)).join()
    const known = names.get(name) ?? this.vhosts.get(content)
    // With a dot this is no streamtype's name, and servers name vhosts after streamtypes.
    const internal = known ?? this.#earlierVhosts.get(content) ?? `t.${serial(this.vhostNames++)}`
    names.set(name, internal)
    if (known !== undefined) {
      return known
    }
    this.vhosts.set(content, internal)
    const copies = stack.map((cert) => JSON.stringify(this.#copyOfCert(cert)))
    this.#written.trust_stores.push(
      object([member('name', JSON.stringify(internal)), member('stack', list(copies))]),
    )
    return internal
  }

  #once(
    section: 'retry' | 'auth',
    name: string,
    prefix: string,
    write: (internal: string) => Json,
  ): string {
    const names = this.names[section]
    const known = names.get(name)
    if (known !== undefined) {
      return known
    }
    const internal = prefix + serial(names.size)
    names.set(name, internal)
    this.#written[section].push(write(internal))
    return internal
  }

  #copyOfCert(name: string): string {
    const { certs } = this.#written
    const internal = `c${serial(certs.length)}`
    certs.push(record(internal, JSON.stringify(this.#certs.get(name))))
    return internal
  }

  #keys(place: WrittenPlace, values: object, streamtype?: Streamtype): Json {
    const keys = WRITTEN[place]
    const members = new Array<Json | undefined>(keys.size)
    for (const name in values) {
      const key = keys.get(name)
      if (key !== undefined && (streamtype === undefined || applies(key.spec, streamtype))) {
        const json = this.#value(key.spec, (values as Record<string, unknown>)[name])
        if (json !== undefined) {
          members[key.rank] = key.prefix + json
        }
      }
    }
    return object(members.filter((json) => json !== undefined))
  }
}

/** What lws needs said that a policy may leave out. */
function complete(value: Streamtype): Streamtype {
  const protocol = protocolOf(value)
  if (value.server === true) {
    // What it shows in TLS is given to it when it listens: lws takes no chains, and no blobs.
    const { server_cert: _cert, server_key: _key, metadata = [], ...rest } = value
    const missing = missingServerMetadata(value).map((name) => ({ [name]: '' }))
    return { ...rest, protocol, metadata: [...metadata, ...missing] }
  }
  if (usedWithoutEndpoint(value) !== undefined) {
    // lws has to know of it, and is never told to connect.
    return { endpoint: 'nowhere', protocol, metadata: value.metadata ?? [] }
  }
  const transactional = protocol === 'h1' || protocol === 'h2'
  const port = value.port ?? defaultPort(value)
  const client = { ...value, protocol, ...(port !== undefined && { port }) }
  if (!transactional && protocol !== 'ws') {
    return client
  }
  return {
    ...client,
    http_url: value.http_url || '/',
    ...(transactional && { http_method: value.http_method || 'GET' }),
    // Without it lws leaves a request without a body open, and servers that read requests to their
    // end never answer.
    ...(protocol === 'h2' && {
      nghttp2_quirk_end_stream: value.nghttp2_quirk_end_stream ?? value.long_poll !== true,
    }),
  }
}

function completeRetry(retry: Retry = {}): Retry {
  return retry.jitterpc === 0 ? { ...retry, jitterpc: 1 } : retry
}

function nameStreamtypes(
  streamtypes: ReadonlyMap<string, Streamtype>,
  reserved: readonly string[],
): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [name, { server }] of streamtypes) {
    let internal = name
    if (reserved.includes(name) || (server === true && VHOST_NAMES.has(name))) {
      let count = 0
      do {
        internal = `_${count++}`
      } while (streamtypes.has(internal) || reserved.includes(internal))
    }
    names.set(name, internal)
  }
  return names
}

type WrittenPlace = 'retry' | 'auth' | 'streamtype'

interface WrittenKey {
  readonly spec: KeySpec
  /**
   * The place among the keys that are written. lws looks for a string's bytes in all that it has
   * stored, unfinished structs included, so strings come before the numbers of the same struct.
   */
  readonly rank: number
  /** `"name":` */
  readonly prefix: Json
}

const WRITTEN: Readonly<Record<WrittenPlace, ReadonlyMap<string, WrittenKey>>> = {
  retry: writtenKeys('retry'),
  auth: writtenKeys('auth'),
  streamtype: writtenKeys('streamtype'),
}

function writtenKeys(place: WrittenPlace): ReadonlyMap<string, WrittenKey> {
  const kindOf = ({ type }: KeySpec) => KIND_ORDER.indexOf(type.kind) + 1 || KIND_ORDER.length + 1
  return new Map(
    KEYS.filter((spec) => spec.place === place && spec.lws !== undefined)
      .sort((a, b) => kindOf(a) - kindOf(b))
      .map((spec, rank) => [spec.name, { spec, rank, prefix: `${JSON.stringify(spec.lws)}:` }]),
  )
}

function flatten<T>(records: readonly Readonly<Record<string, T>>[]): Map<string, T> {
  return new Map(records.flatMap((item) => Object.entries(item)))
}

function serial(index: number): string {
  return String(index).padStart(9, '0')
}

function member(name: string, json: Json): Json {
  return `${JSON.stringify(name)}:${json}`
}

function record(name: string, json: Json): Json {
  return object([member(name, json)])
}

function object(members: readonly Json[]): Json {
  return `{${members.join(',')}}`
}

function list(items: readonly Json[]): Json {
  return `[${items.join(',')}]`
}

function section(name: string, items: readonly Json[]): Json[] {
  return items.length === 0 ? [] : [member(name, list(items))]
}
