// The forms in which a client may be given its certificate and its key.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type Blobs, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  ExtendedKeyUsage,
  startRaw,
  type TlsIdentity,
} from '../peers/index.js'
import { findProgram, hasProgram } from '../peers/program.js'
import { policyOf, streamtype } from '../support/policies.js'
import { temporaryFolder } from '../support/temporary-folder.js'

type ClientCert = NonNullable<Blobs['clientCert']>[number]

const passphrase = 'open sésame'
const files = temporaryFolder()

let root: CertificateAuthority
let server: TlsIdentity
let alice: TlsIdentity
let certificates: string[]

before(async () => {
  root = await CertificateAuthority.create()
  const middle = await root.subordinate({ name: 'Middle CA' })
  const last = await middle.subordinate({ name: 'Last CA', pathLength: 0 })
  const extendedKeyUsage = ExtendedKeyUsage.clientAuth
  server = { ...(await root.issue()), requestCert: true, rejectUnauthorized: true, ca: root.pem }
  alice = await last.issue({ names: ['alice'], extendedKeyUsage })
  certificates = alice.cert.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n?/g) ?? []
  assert.equal(certificates.length, 3)
})

/** The names of the certificates that a server is shown, which knows the root alone. */
async function shown(clientCert: ClientCert, version: 'TLSv1.2' | 'TLSv1.3'): Promise<string[]> {
  const names: string[] = []
  await using peer = await startRaw({
    tls: { ...server, minVersion: version, maxVersion: version },
    accept: (socket) => {
      for (
        let one = (socket as TLSSocket).getPeerCertificate(true);
        one?.subject && !names.includes(one.subject.CN as string);
        one = one.issuerCertificate
      )
        names.push(one.subject.CN as string)
      socket.end('hello')
    },
  })
  const it = streamtype('raw', peer, { tls: true, client_cert: 0 })
  await using context = await openContext({
    policy: policyOf({ it }, root),
    blobs: { clientCert: [clientCert] },
  })
  for await (const message of context.stream('it')) {
    assert.equal(message.text(), 'hello')
    break
  }
  return names
}

const openssl = (...args: string[]) => execFileSync(findProgram('openssl'), args)

/** PKCS #12 of OpenSSL, with the certificates of the authorities in that order. */
function pkcs12(pass: string, authorities: string[], ...more: string[]): Buffer {
  const [cert, key] = [
    files.put('alice.pem', certificates[0] ?? ''),
    files.put('key.pem', alice.key),
  ]
  const rest = files.put('authorities.pem', authorities.join('\n'))
  const args = ['-in', cert, '-inkey', key, '-certfile', rest, '-passout', `pass:${pass}`, ...more]
  return openssl('pkcs12', '-export', ...args)
}

const encrypted = (type: 'pkcs8' | 'sec1', format: 'pem' | 'der') =>
  createPrivateKey(alice.key).export({
    type: type as 'pkcs8',
    format: format as 'der',
    cipher: 'aes-256-cbc',
    passphrase,
  })

const forms: Record<string, () => ClientCert> = {
  'a chain and a key in PEM': () => ({ cert: alice.cert, key: alice.key }),
  'a chain and a key in PEM, as bytes': () => ({
    cert: Buffer.from(alice.cert),
    key: Buffer.from(alice.key),
  }),
  'a key in PEM that is encrypted': () => ({
    cert: alice.cert,
    key: encrypted('pkcs8', 'pem'),
    passphrase,
  }),
  'a key in PEM that is encrypted as of old': () => ({
    cert: alice.cert,
    key: encrypted('sec1', 'pem'),
    passphrase,
  }),
  'a key in DER that is encrypted': () => ({
    cert: alice.cert,
    key: encrypted('pkcs8', 'der'),
    passphrase,
  }),
  'a key that is not encrypted, with a passphrase': () => ({ ...alice, passphrase }),
  'PKCS #12': () => ({ pfx: pkcs12(passphrase, certificates.slice(1)), passphrase }),
  'PKCS #12 without a passphrase': () => ({ pfx: pkcs12('', certificates.slice(1)) }),
  'PKCS #12 in another order, with others in it': () => ({
    pfx: pkcs12(passphrase, [server.cert, ...certificates.slice(1).reverse()]),
    passphrase,
  }),
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  describe(`with ${version}, a client certificate may be given as`, () => {
    for (const [form, clientCert] of Object.entries(forms))
      test(form, async () => {
        assert.deepEqual(await shown(clientCert(), version), [
          'alice',
          'Last CA',
          'Middle CA',
          'Test CA',
        ])
      })
  })

test('PKCS #12 of Java', {
  skip: !hasProgram('keytool') && 'keytool is not installed',
}, async () => {
  const from = files.put('from.p12', pkcs12('changeit', certificates.slice(1), '-name', 'alice'))
  const to = path.join(path.dirname(from), 'java.p12')
  const stores = ['-srckeystore', from, '-destkeystore', to, '-deststoretype', 'PKCS12']
  const passes = ['-srcstorepass', 'changeit', '-deststorepass', 'changeit']
  execFileSync(findProgram('keytool'), ['-importkeystore', ...stores, ...passes], {
    stdio: 'ignore',
    // Sanitizers are not for Java.
    env: { ...process.env, LD_PRELOAD: '' },
  })
  const names = await shown({ pfx: readFileSync(to), passphrase: 'changeit' }, 'TLSv1.3')
  assert.deepEqual(names, ['alice', 'Last CA', 'Middle CA', 'Test CA'])
})

test('setBlob() takes them too', async () => {
  await using peer = await startRaw({ tls: server, accept: (socket) => socket.end('hello') })
  const it = streamtype('raw', peer, { tls: true, client_cert: 0 })
  await using context = await openContext({ policy: policyOf({ it }, root) })
  context.setBlob('clientCert', [forms['PKCS #12']?.()])
  for await (const message of context.stream('it')) {
    assert.equal(message.text(), 'hello')
    break
  }
  assert.deepEqual(peer.clientNames, ['alice'])
})

describe('what cannot be read is refused in words', () => {
  const pfx = () => pkcs12(passphrase, certificates.slice(1))
  const cases: [string, () => unknown, RegExp][] = [
    ['no passphrase', () => ({ pfx: pfx() }), /pfx" argument is encrypted with a passphrase/],
    [
      'another passphrase',
      () => ({ pfx: pfx(), passphrase: 'x' }),
      /pfx" argument is not encrypted with this/,
    ],
    [
      'an encryption of old',
      () => ({ pfx: pkcs12(passphrase, certificates.slice(1), '-legacy'), passphrase }),
      /pfx" argument is encrypted in a way that OpenSSL does not read any more/,
    ],
    [
      'no PKCS #12',
      () => ({ pfx: Buffer.from('no') }),
      /must be a certificate and its private key/,
    ],
    [
      'only half of it',
      () => ({ pfx: pfx().subarray(0, 300), passphrase }),
      /must be a certificate/,
    ],
    [
      'no key in it',
      () => ({ pfx: pkcs12(passphrase, certificates.slice(1), '-nokeys'), passphrase }),
      /must be a certificate and its private key/,
    ],
    ['both forms', () => ({ pfx: pfx(), ...alice }), /must have either 'pfx', or 'cert' and 'key'/],
    ['text', () => ({ pfx: 'text' }), /pfx" argument must be an instance of Buffer/],
    [
      'a passphrase that is none',
      () => ({ ...alice, passphrase: 1 }),
      /passphrase" argument must be/,
    ],
    ['a key of another', () => ({ ...alice, key: server.key }), /must be the private key of its/],
    [
      'a chain of which the end is missing',
      () => ({ ...alice, cert: alice.cert.slice(0, -100) }),
      /cert" argument must be a certificate in DER, or a chain in PEM/,
    ],
    ['nothing', () => ({}), /cert" argument must be/],
  ]
  for (const [what, entry, words] of cases)
    test(what, () => {
      const clientCert = [entry()] as ClientCert[]
      assert.throws(
        () => openContext({ policy: policyOf({}), blobs: { clientCert } }),
        (error: Error & { code: string }) => {
          assert.match(error.code, /^ERR_INVALID_ARG_(VALUE|TYPE)$/)
          assert.match(error.message, words)
          assert.doesNotMatch(error.message, /sésame/)
          return true
        },
      )
    })
})
