import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { checkPolicy, type PolicySource } from 'lws-secure-streams/policy'

type Writer = typeof import('../../dist/policy/write-lws-policy.js')
type Table = typeof import('../../dist/policy/keys.js')

const load = createRequire(__filename)

/** What is no public API is taken from beside the public module. */
function loadInternal<T>(name: string): T {
  return load(join(dirname(load.resolve('lws-secure-streams/policy')), `${name}.js`)) as T
}

export const { writeLwsPolicy } = loadInternal<Writer>('write-lws-policy')
export const { KEYS, KEYS_BY_PLACE } = loadInternal<Table>('keys')

/** A DER sequence of some length in base64: what passes for a certificate. */
export function fakeCert(length = 300): string {
  const der = Buffer.alloc(length, 0x2a)
  der[0] = 0x30
  if (length - 2 < 0x80) {
    der[1] = length - 2
  } else {
    der[1] = 0x82
    der.writeUInt16BE(length - 4, 2)
  }
  return der.toString('base64')
}

/** What lws replaces by the value of a metadata item. */
export function use(name: string): string {
  return `\${${name}}`
}

/** A policy that has nothing wrong with it. */
export function goodPolicy() {
  return {
    release: '01234567',
    product: 'myproduct',
    'schema-version': 1,
    retry: [{ default: { backoff: [1000, 2000], conceal: 5, jitterpc: 20 } }],
    certs: [{ root: fakeCert() }, { site: fakeCert(2000) }, { key: fakeCert(40) }],
    trust_stores: [{ name: 'store', stack: ['root'] }],
    auth: [{ name: 'aws', type: 'sigv4', blob: 1 }],
    s: [
      {
        mintest: {
          endpoint: `${use('region')}.example.com`,
          port: 443,
          protocol: 'h1',
          http_method: 'GET',
          http_url: 'index.html',
          tls: true,
          tls_trust_store: 'store',
          retry: 'default',
          metadata: [{ region: '' }, { ctype: 'content-type:' }],
          http_resp_map: [{ '530': 1530 }],
        },
      },
      {
        site: {
          server: true,
          port: 0,
          protocol: 'h1',
          tls: true,
          server_cert: 'site',
          server_key: 'key',
        },
      },
      {
        thermo: {
          endpoint: 'broker',
          port: 1883,
          protocol: 'mqtt',
          mqtt_topic: 'a',
          retry: 'default',
        },
      },
    ],
  }
}

/** The good policy with one more streamtype, a client on h1 unless it says otherwise. */
export function withStreamtype(streamtype: object) {
  const base = { endpoint: 'example.com', port: 80, retry: 'default' }
  const policy = goodPolicy()
  return { ...policy, s: [...policy.s, { x: { ...base, ...streamtype } }] }
}

/** The codes of the findings of some severity. */
export function codes(source: unknown, severity = 'error'): string[] {
  return checkPolicy(source as PolicySource)
    .filter((diagnostic) => diagnostic.severity === severity)
    .map(({ code }) => code)
}
