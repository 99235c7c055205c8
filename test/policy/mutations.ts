// Random changes to policies.

import fc from 'fast-check'
import { goodPolicy } from './helpers.js'

/** How often a property is tried: `npm run test:fuzz` sets the variable. */
export const OPTIONS = { numRuns: Number(process.env.LWS_SS_FUZZ_RUNS ?? 2000) }

const names = fc.constantFrom(
  'default',
  'def',
  'root',
  'store',
  'aws',
  'a',
  'a.b',
  '',
  '__proto__',
  'x'.repeat(91),
  'é'.repeat(40),
)

const values = fc.oneof(
  { depthSize: 'small' },
  fc.constantFrom<unknown>(
    0,
    1,
    -1,
    65_536,
    1e10,
    1.5,
    '1',
    true,
    false,
    null,
    '',
    '/',
    [],
    {},
    undefined,
  ),
  fc.constantFrom('h1', 'h2', 'ws', 'mqtt', 'raw', 'h1get', '${', 'a\0', '\ud800', '#', '"', '\\'),
  fc.constantFrom(252, 253, 254, 508).map((length) => 'x'.repeat(length)),
  names,
  fc.string(),
  fc.bigInt(),
  fc.array(fc.dictionary(names, fc.oneof(names, fc.integer())), { maxLength: 18 }),
  fc.anything(),
)

const keys = fc.oneof(
  names,
  fc.constantFrom(
    'endpoint',
    'port',
    'protocol',
    'server',
    'tls',
    'retry',
    'tls_trust_store',
    'server_cert',
    'server_key',
    'metadata',
    'http_url',
    'http_method',
    'http_resp_map',
    'mqtt_topic',
    'mqtt_will_message',
    'ws_subprotocol',
    'rideshare',
    'use_auth',
    'aws_region',
    'backoff',
    'stack',
    'name',
    'blob',
    'certs',
    'trust_stores',
    'auth',
    's',
    'jitterpc',
    'nailed_up',
    'opportunistic',
    'client_cert',
    'via-socks5',
    'mqtt_qos',
    'attr_priority',
    'plugins',
    'aux',
  ),
)

/** Changes to make: pick a place by a number, then replace, remove or add there. */
export const edits = fc.array(
  fc.tuple(fc.nat(), fc.constantFrom('set', 'delete', 'add', 'repeat'), keys, values),
  { minLength: 1, maxLength: 6, size: 'small' },
)

export type Holder = Record<string, unknown>

/** A few repetitions of one another would make more places than there is time for. */
const MAX_PLACES = 2000

function placesOf(value: unknown, places: [Holder, string][] = [], depth = 0): [Holder, string][] {
  if (typeof value === 'object' && value !== null && depth < 8 && places.length < MAX_PLACES) {
    for (const key of Object.keys(value)) {
      places.push([value as Holder, key])
      placesOf((value as Holder)[key], places, depth + 1)
    }
  }
  return places
}

/** A policy with the changes made to it; `policy` itself is changed. */
export function mutate(
  changes: [number, string, string, unknown][],
  policy: object = goodPolicy(),
): object {
  for (const [at, change, key, value] of changes) {
    const places = placesOf(policy)
    const [holder, name] = places[at % Math.max(1, places.length)] ?? [policy as Holder, 's']
    if (change === 'delete') {
      delete holder[name]
    } else if (change === 'add' && !Array.isArray(holder)) {
      Object.defineProperty(holder, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    } else if (change === 'repeat' && Array.isArray(holder) && places.length < MAX_PLACES) {
      holder.push(...Array(9).fill(holder[Number(name)]))
    } else {
      holder[name] = value
    }
  }
  return policy
}
