// The policy that `lws-ss init` writes.
import {
  checkPolicy,
  type PolicyInput,
  type Protocol,
  type StreamtypeInput,
} from '../../policy/index.js'

/** What is asked for. */
export interface Wishes {
  readonly peer: PeerUrl
  readonly name: string
  /** Of `h1` and `h2`. */
  readonly method?: string
  readonly http2?: boolean
  /** Of `mqtt`. */
  readonly topic?: string
  readonly subscribe?: string
}

const SCHEMES: Readonly<
  Record<string, { readonly protocol: Protocol; readonly tls: boolean; readonly port?: number }>
> = {
  http: { protocol: 'h1', tls: false, port: 80 },
  https: { protocol: 'h1', tls: true, port: 443 },
  ws: { protocol: 'ws', tls: false, port: 80 },
  wss: { protocol: 'ws', tls: true, port: 443 },
  mqtt: { protocol: 'mqtt', tls: false, port: 1883 },
  mqtts: { protocol: 'mqtt', tls: true, port: 8883 },
  tcp: { protocol: 'raw', tls: false },
  tls: { protocol: 'raw', tls: true },
}
export const SCHEME_LIST = Object.keys(SCHEMES).join(', ')

/** The peer of the streamtype. */
export class PeerUrl {
  readonly protocol: Protocol
  readonly tls: boolean
  readonly host: string
  readonly port: number
  /** Without the leading slash, and with `${…}` as it was written. */
  readonly path: string

  /** @throws Error whose message says what is wrong with the URL */
  constructor(text: string) {
    let url: URL
    try {
      url = new URL(text)
    } catch {
      throw new Error(`'${text}' is no URL: write, for example, https://example.com/path`)
    }
    const scheme = SCHEMES[url.protocol.slice(0, -1)]
    if (!scheme) throw new Error(`'${url.protocol}' is not one of ${SCHEME_LIST}`)
    const port = url.port === '' ? scheme.port : Number(url.port)
    if (!url.hostname) throw new Error(`'${text}' has no host`)
    if (!port) throw new Error(`'${text}' has no port: write ${url.protocol}//${url.hostname}:PORT`)
    if (url.username || url.password)
      throw new Error('a policy has no place for a user and a password: leave them out of the URL')
    this.protocol = scheme.protocol
    this.tls = scheme.tls
    this.host = url.hostname.replace(/^\[|\]$/g, '')
    this.port = port
    const rest = `${url.pathname}${url.search}`.replace(/^\//, '')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    this.path = rest.replace(/\$(?:%7B|\{)([^%{}]+)(?:%7D|\})/gi, '${$1}')
  }

  /** What the streamtype may be called. */
  get name(): string {
    const label = this.host.split('.').find((part) => !/^(www|api|\d*)$/.test(part)) ?? ''
    return /^[a-z]/i.test(label) && !this.host.includes(':') ? label : 'peer'
  }
}

function keysOf({ peer, method, http2, topic, subscribe }: Wishes): StreamtypeInput {
  const { protocol, path } = peer
  switch (protocol) {
    case 'h1':
    case 'h2':
      return {
        protocol: http2 ? 'h2' : 'h1',
        http_method: method ?? 'GET',
        ...(path !== '' && { http_url: path }),
      }
    case 'ws':
      return { protocol, http_url: path === '' ? '/' : path }
    case 'mqtt':
      return {
        protocol,
        ...(topic && { mqtt_topic: topic }),
        ...(subscribe && { mqtt_subscribe: subscribe }),
        mqtt_qos: 1,
        mqtt_keep_alive: 60,
      }
    case 'raw':
      return { protocol }
  }
}

/** The names in the `${…}` of some texts. */
function placeholders(...texts: (string | undefined)[]): string[] {
  const found = texts.flatMap((text = '') =>
    Array.from(text.matchAll(/\$\{([^}]+)\}/g), ([, name = '']) => name),
  )
  return [...new Set(found)]
}

/** The names of the metadata that the streamtype has. */
export function metadataOf({ peer, topic, subscribe }: Wishes): string[] {
  return placeholders(peer.path, topic, subscribe)
}

/**
 * The text of the policy.
 *
 * @throws Error whose message says which wish cannot be
 */
export function starterPolicy(wishes: Wishes): string {
  const { peer, name } = wishes
  const metadata = metadataOf(wishes)
  const policy: PolicyInput = {
    $schema: './node_modules/lws-secure-streams/dist/policy/policy.schema.json',
    retry: [{ default: { backoff: [1000, 2000, 5000], conceal: 5, jitterpc: 20 } }],
    s: [
      {
        [name]: {
          endpoint: peer.host,
          port: peer.port,
          ...(peer.tls && { tls: true }),
          ...keysOf(wishes),
          ...(metadata.length > 0 && { metadata: metadata.map((one) => ({ [one]: '' })) }),
          retry: 'default',
        },
      },
    ],
  }
  const [wrong] = checkPolicy(policy).filter(({ severity }) => severity !== 'info')
  if (wrong) throw new Error(`${wrong.path}: ${wrong.message}`)
  return `${JSON.stringify(policy, null, 2)}\n`
}
