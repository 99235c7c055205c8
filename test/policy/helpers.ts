// What the tests of policies have in common.

import { generateKeyPairSync } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as asn1js from 'asn1js'
import {
  checkPolicy,
  normalizePolicy,
  type PolicyOptions,
  type PolicySource,
} from 'lws-secure-streams/policy'

type Writer = typeof import('../../dist/policy/write/write-lws-policy.js')
type Table = typeof import('../../dist/policy/table/keys.js')

const load = createRequire(__filename)

/** What is no public API is taken from beside the public module. */
function loadInternal<T>(name: string): T {
  return load(join(dirname(load.resolve('lws-secure-streams/policy')), `${name}.js`)) as T
}

const writer = loadInternal<Writer>('write/write-lws-policy')

/** A policy as a context reads it and writes it for lws. */
export function writeLwsPolicy(
  source: PolicySource,
  options: Parameters<Writer['writeLwsPolicy']>[1] & PolicyOptions = {},
) {
  const policy = normalizePolicy(source, options)
  return { policy, ...writer.writeLwsPolicy(policy, options) }
}

export const { KEYS, KEYS_BY_PLACE } = loadInternal<Table>('table/keys')

/** A private key in base64 of DER. */
export const realKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'der' })
    .toString('base64')

/** A DER sequence of some length in base64, which neither is a certificate nor a key. */
export function fakeKey(length = 300): string {
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

interface CertificateOptions {
  subject?: string
  issuer?: string
  notBefore?: Date
  notAfter?: Date
}

/** A certificate of some length in base64 that is right but for its key and signature. */
export function fakeCert(length = 300, options: CertificateOptions = {}): string {
  const { subject = 'root', issuer = subject } = options
  const { notBefore = new Date('2000-01-01'), notAfter = new Date('2049-01-01') } = options
  const algorithm = sequence(new asn1js.ObjectIdentifier({ value: '1.2.840.10045.4.3.2' }))
  const body = sequence(
    new asn1js.Integer({ value: 1 }),
    algorithm,
    commonName(issuer),
    sequence(
      new asn1js.UTCTime({ valueDate: notBefore }),
      new asn1js.UTCTime({ valueDate: notAfter }),
    ),
    commonName(subject),
    sequence(algorithm),
  )
  for (let filler = Math.max(0, length - 200); filler < length; filler++) {
    const signature = new asn1js.BitString({ valueHex: new ArrayBuffer(filler) })
    const der = Buffer.from(sequence(body, algorithm, signature).toBER())
    if (der.length === length) {
      return der.toString('base64')
    }
  }
  throw new RangeError(`no certificate is ${length} bytes long`)
}

function sequence(...value: asn1js.BaseBlock[]): asn1js.Sequence {
  return new asn1js.Sequence({ value })
}

function commonName(name: string): asn1js.Sequence {
  const type = new asn1js.ObjectIdentifier({ value: '2.5.4.3' })
  const pair = sequence(type, new asn1js.Utf8String({ value: name }))
  return sequence(new asn1js.Set({ value: [pair] }))
}

/** What lws replaces by the value of a metadata item. */
export function use(name: string): string {
  return `\${${name}}`
}

const CERTS = [{ root: fakeCert() }, { site: fakeCert(2000) }, { key: realKey() }]

/** A policy that has nothing wrong with it. */
export function goodPolicy() {
  return {
    release: '01234567',
    product: 'myproduct',
    'schema-version': 1,
    retry: [{ default: { backoff: [1000, 2000], conceal: 5, jitterpc: 20 } }],
    certs: CERTS.map((cert) => ({ ...cert })),
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
