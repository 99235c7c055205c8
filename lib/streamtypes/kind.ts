/** What a streamtype is: all that streams, requests and the addon know of a policy. */
import { isIPv6 } from 'node:net'
import { checkString, toBytes } from '../arguments.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import {
  defaultPort,
  metadataNames,
  protocolOf,
  roleOf,
  usedWithoutEndpoint,
} from '../policy/form/streamtype.js'
import type { Streamtype } from '../policy/form/types.js'
import { didYouMean } from '../policy/read/suggest.js'
import type { Protocol } from '../policy/table/key-spec.js'
import { checkDirectHeader, checkMetadataValue } from './check-metadata-value.js'
import { ListeningPlace } from './listening-place.js'
import type { Metadata } from './metadata.js'

/** `accepted`: a stream that a server has for one of its clients. */
export type Role = 'client' | 'server' | 'accepted'

/** What passes between a stream and its peer. */
export type Exchange = 'bytes' | 'messages' | 'publishes' | 'requests' | 'responses'

// What may be a name by HTTP, with the colon that the specification's `direct_proto_str` wants.
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:$/

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH'])

function exchangeOf(protocol: Protocol, role: Role): Exchange {
  switch (protocol) {
    case 'h1':
    case 'h2':
      return role === 'client' ? 'requests' : 'responses'
    case 'ws':
      return 'messages'
    case 'mqtt':
      return 'publishes'
    case 'raw':
      return 'bytes'
  }
}

/** What a server's certificate and its key are called. */
export interface CertificateNames {
  readonly cert: string
  readonly key: string
}

/** A streamtype of a policy, as those who open streams of it know it. */
export class Kind {
  /** The streamtype's name in the policy. */
  readonly name: string
  /** The name that libwebsockets knows it by. */
  readonly lwsName: string
  readonly role: Role
  readonly protocol: Protocol
  readonly exchange: Exchange
  /** Whether a message is sent when the peer has it, and not when it has left. */
  readonly acknowledged: boolean
  readonly canSend: boolean
  readonly nailedUp: boolean
  /** Whether another streamtype's message can travel in the same transaction. */
  readonly sharesRide: boolean
  /** Milliseconds; `undefined` for as long as it takes. */
  readonly timeLimit: number | undefined
  /** Whether its messages on ws are binary unless the program says something else. */
  readonly sendsBinary: boolean
  readonly qos: number
  readonly httpMethod: string
  readonly metadataNames: readonly string[]
  /** Whether headers that the policy does not declare are metadata too. */
  readonly takesHeaders: boolean
  /** What it connects to, when that is something which this build does not have. */
  readonly unavailable: string | undefined
  readonly #definition: Streamtype
  #accepted: Kind | undefined
  #upgraded: Kind | undefined

  constructor(
    name: string,
    definition: Streamtype,
    { lwsName = name, role = roleOf(definition) }: { lwsName?: string; role?: Role } = {},
  ) {
    this.name = name
    this.lwsName = lwsName
    this.role = role
    this.protocol = protocolOf(definition)
    this.exchange = exchangeOf(this.protocol, role)
    this.acknowledged = this.exchange === 'requests' || this.exchange === 'publishes'
    this.httpMethod = definition.http_method ?? 'GET'
    this.canSend = this.#canSend(definition)
    this.nailedUp = definition.nailed_up ?? false
    this.sharesRide = definition.rideshare !== undefined
    this.timeLimit = definition.timeout_ms || undefined
    this.sendsBinary = definition.ws_binary ?? false
    this.qos = definition.mqtt_qos ?? 0
    this.metadataNames = metadataNames(definition)
    this.takesHeaders = definition.direct_proto_str ?? false
    this.unavailable = usedWithoutEndpoint(definition)
    this.#definition = definition
  }

  #canSend({ mqtt_topic }: Streamtype): boolean {
    if (this.exchange === 'requests') return methodsWithBody.has(this.httpMethod)
    return this.exchange !== 'publishes' || mqtt_topic !== undefined
  }

  /** Whether a stream makes its connections itself; otherwise it ends with the one that it has. */
  get connects(): boolean {
    return this.role === 'client'
  }

  /** Of a server: where it listens. */
  get place(): ListeningPlace {
    return new ListeningPlace(this.#definition)
  }

  /** Of a server with TLS: what it shows, unless it is what the server shows that it is bound to. */
  get certificate(): CertificateNames | undefined {
    const { tls, server_cert: cert = '', server_key: key = cert } = this.#definition
    return tls && (cert || this.place.vhost === undefined) ? { cert, key } : undefined
  }

  /** Of a server: what the streams of its clients are. */
  get accepted(): Kind {
    this.#accepted ??= new Kind(this.name, this.#definition, {
      lwsName: this.lwsName,
      role: 'accepted',
    })
    return this.#accepted
  }

  /** Of an accepted stream of http: what it is after an upgrade to ws. */
  get upgraded(): Kind {
    this.#upgraded ??= new Kind(
      this.name,
      { ...this.#definition, protocol: 'ws' },
      { lwsName: this.lwsName, role: 'accepted' },
    )
    return this.#upgraded
  }

  /** Of a server of http: whether clients may upgrade to ws. Specification: "HTTP and ws serving". */
  get takesUpgrades(): boolean {
    return this.exchange === 'responses' && this.#definition.ws_subprotocol !== undefined
  }

  /** Whether it is over TLS. */
  get isSecure(): boolean {
    return this.#definition.tls ?? false
  }

  /** Whether it speaks HTTP, so that what is sent is answered. */
  get isTransactional(): boolean {
    return this.exchange === 'requests' || this.exchange === 'responses'
  }

  /** Whether the protocol says where a message ends. */
  get isFramed(): boolean {
    return this.exchange !== 'bytes'
  }

  /** The metadata that stands for a header, if one does. `header` is in lower case, without its colon. */
  metadataFor(header: string): string | undefined {
    for (const item of this.#definition.metadata ?? [])
      for (const [name, value] of Object.entries(item))
        if (value.toLowerCase().replace(/:$/, '') === header) return name
    return undefined
  }

  /** Whether the policy says of what type the bodies of requests are, and what stands around them. */
  get formsBodies(): boolean {
    const { http_www_form_urlencoded, http_multipart_name, rideshare } = this.#definition
    return http_www_form_urlencoded === true || http_multipart_name !== undefined || !!rideshare
  }

  /** Whether answers are taken apart as they come. */
  get takesAnswersApart(): boolean {
    return this.#definition.http_multipart_ss_in ?? false
  }

  /** Whether an answer can set metadata. */
  get hasMetadata(): boolean {
    return this.takesHeaders || this.metadataNames.length > 0
  }

  /** Whether a stream that was opened as this can go on as the other. */
  canBecome(other: Kind): boolean {
    return this.role === other.role && this.exchange === other.exchange
  }

  /** Of a client: `host:port`, as the policy says. */
  get endpoint(): string {
    const { endpoint = '', port = defaultPort(this.#definition) } = this.#definition
    const host = isIPv6(endpoint) ? `[${endpoint}]` : endpoint
    if (host.includes(':') && host === endpoint) return endpoint
    return port === undefined ? host : `${host}:${port}`
  }

  /** Whether something that is called so can be sent with what the stream sends. */
  hasMetadataName(name: string): boolean {
    return this.metadataNames.includes(name) || (this.takesHeaders && headerName.test(name))
  }

  /**
   * @throws SecureStreamError `ERR_SS_UNKNOWN_METADATA` for a name that the policy does not declare, and
   *   which, with `direct_proto_str`, is no header's either.
   */
  checkMetadataName(name: string): string {
    checkString('name', name)
    if (this.hasMetadataName(name)) return name
    const known = this.metadataNames.join(', ') || 'none'
    throw new SecureStreamError(
      'ERR_SS_UNKNOWN_METADATA',
      `'${this.name}' has no metadata '${name}'; its policy declares: ${known}` +
        (this.takesHeaders ? "; the name of a header, with ':' behind it, would do as well" : '') +
        didYouMean(name, this.metadataNames),
    )
  }

  /**
   * The bytes of a value of metadata.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  metadataBytes(where: string, name: string, value: unknown): Uint8Array {
    const bytes = toBytes(where, value)
    checkMetadataValue(where, this.#definition, name, bytes)
    if (this.takesHeaders && !this.metadataNames.includes(name))
      checkDirectHeader(where, name, this.isTransactional && this.canSend, bytes)
    return bytes
  }

  /**
   * Names and values as the addon takes them.
   *
   * @throws what {@link checkMetadataName} and {@link metadataBytes} throw
   */
  metadataPairs(metadata: Metadata = {}): (string | Uint8Array)[] {
    const pairs: (string | Uint8Array)[] = []
    for (const name of Object.keys(metadata)) {
      this.checkMetadataName(name)
      pairs.push(name, this.metadataBytes(`options.metadata.${name}`, name, metadata[name]))
    }
    return pairs
  }
}
