// What `lws-ss list` says of a streamtype.
import type { Policy, Streamtype } from '../../policy/index.js'
import { Kind } from '../../streamtypes/kind.js'

/** A streamtype, as `lws-ss list --json` has it. */
export interface StreamtypeFacts {
  readonly name: string
  readonly role: 'client' | 'server'
  readonly protocol: string
  /** Of `h1` and `h2`. */
  readonly method?: string
  readonly endpoint?: string
  readonly port?: number
  /** The path of `h1`, `h2` and `ws`. */
  readonly path?: string
  readonly subprotocol?: string
  /** Of `mqtt`. */
  readonly topic?: string
  readonly subscribe?: string
  readonly qos?: number
  readonly tls: boolean
  /** The entry of `trust_stores`; without one, the context's `ca` counts. */
  readonly trustStore?: string
  readonly sends: boolean
  readonly receives: boolean
  /** The header that each stands for; `""` for none. */
  readonly metadata: Readonly<Record<string, string>>
  readonly retry?: string
  readonly nailedUp: boolean
}

const HTTP = new Set(['h1', 'h2', 'ws'])

/** Without what is `undefined`. */
const given = <T extends object>(facts: T) =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as {
    [N in keyof T]: Exclude<T[N], undefined>
  }

function factsOf(name: string, definition: Streamtype): StreamtypeFacts {
  const kind = new Kind(name, definition)
  const { mqtt_topic: topic, mqtt_subscribe: subscribe } = definition
  const isClient = kind.role === 'client'
  return given({
    name,
    role: isClient ? ('client' as const) : ('server' as const),
    protocol: kind.protocol,
    method: isClient && kind.isTransactional ? kind.httpMethod : undefined,
    endpoint: definition.endpoint,
    port: definition.port,
    path:
      isClient && HTTP.has(kind.protocol)
        ? `/${(definition.http_url ?? '').replace(/^\//, '')}`
        : undefined,
    subprotocol: definition.ws_subprotocol,
    topic,
    subscribe,
    qos: kind.protocol === 'mqtt' ? kind.qos : undefined,
    tls: kind.isSecure,
    trustStore: definition.tls_trust_store,
    sends: kind.canSend,
    receives: kind.protocol !== 'mqtt' || subscribe !== undefined,
    metadata: Object.assign({}, ...(definition.metadata ?? [])),
    retry: definition.retry,
    nailedUp: kind.nailedUp,
  }) as StreamtypeFacts
}

/** The streamtypes of a policy, in its order. */
export function streamtypesIn({ s = [] }: Policy): StreamtypeFacts[] {
  return s.flatMap((item) =>
    Object.entries(item).map(([name, definition]) => factsOf(name, definition)),
  )
}
