import assert from 'node:assert/strict'
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { before, describe, test } from 'node:test'
import { checkPolicy } from 'lws-secure-streams/policy'
import { CertificateAuthority } from '../peers/index.js'
import { codes, fakeCert, fakeKey, goodPolicy } from './helpers.js'

describe('the certificates of a policy', () => {
  const year = (value: number) => new Date(Date.UTC(value, 0))
  const withStack = (...stack: string[]) => ({
    ...goodPolicy(),
    certs: [...goodPolicy().certs, ...stack.map((cert, at) => ({ [`c${at}`]: cert }))],
    trust_stores: [{ name: 'store', stack: stack.map((_, at) => `c${at}`) }],
  })
  const root = fakeCert(300, { subject: 'root' })
  const broken = Buffer.from(fakeCert(300, { subject: 'roots' }), 'base64')
    .toString('latin1')
    .replaceAll('\x0c\x05roots', '\x1c\x05roots')
  const middle = fakeCert(300, { subject: 'middle', issuer: 'root' })
  const cases: [string, object, string, string[]][] = [
    ['a root', withStack(root), 'warning', []],
    ['a chain', withStack(root, middle), 'warning', []],
    ['no root', withStack(middle), 'warning', ['incomplete-chain']],
    [
      'expired',
      withStack(fakeCert(300, { notAfter: year(2001) })),
      'warning',
      ['certificate-expired'],
    ],
    [
      'for later',
      withStack(fakeCert(300, { notBefore: year(2048) })),
      'warning',
      ['certificate-not-yet-valid'],
    ],
    ['no certificate', withStack(fakeKey()), 'error', ['bad-certificate']],
    ['a name in broken UTF-32', withStack(btoa(broken)), 'error', ['bad-certificate']],
  ]
  for (const [what, policy, severity, expected] of cases) {
    test(what, () => {
      assert.deepEqual(codes(policy, severity), expected)
    })
  }
  test('real ones, with their extensions', async () => {
    const authority = await CertificateAuthority.create()
    const middle = await authority.subordinate()
    const policy = withStack(middle.policyCert, authority.policyCert)
    assert.deepEqual(checkPolicy(policy), [])
  })

  test('an issuer of the same name that has not signed', async () => {
    const [one, other] = [await CertificateAuthority.create(), await CertificateAuthority.create()]
    const middle = await one.subordinate()
    assert.deepEqual(codes(withStack(middle.policyCert, other.policyCert), 'warning'), [
      'wrong-issuer',
    ])
    // As where the authority's key was renewed.
    const both = withStack(middle.policyCert, other.policyCert, one.policyCert)
    assert.deepEqual(codes(both, 'warning'), [])
  })

  test('an issuer that is no authority', async () => {
    const root = await CertificateAuthority.create()
    const leaf = await root.subordinate({ isCA: false, name: 'leaf' })
    const below = await leaf.subordinate()
    const policy = withStack(root.policyCert, leaf.policyCert, below.policyCert)
    assert.deepEqual(codes(policy, 'warning'), ['not-an-authority'])
  })

  describe('with a server', () => {
    let cert: string
    let key: KeyObject
    before(async () => {
      const issued = await (await CertificateAuthority.create()).issue()
      cert = new X509Certificate(issued.cert).raw.toString('base64')
      key = createPrivateKey(issued.key)
    })
    const definition = {
      server: true,
      port: 443,
      protocol: 'h1',
      tls: true,
      server_cert: 'site',
      server_key: 'key',
    }
    const withKey = (der: Buffer, ...more: object[]) => ({
      certs: [{ site: cert }, { key: der.toString('base64') }],
      s: [{ site: definition }, ...more],
    })

    for (const type of ['pkcs8', 'sec1'] as const)
      test(`whose key is not that of its certificate, as ${type}`, () => {
        const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
        assert.deepEqual(codes(withKey(key.export({ type, format: 'der' }))), [])
        assert.deepEqual(codes(withKey(other.export({ type, format: 'der' }))), ['key-mismatch'])
      })

    test('whose key is encrypted', () => {
      for (const cipher of ['aes-256-cbc', 'des-ede3-cbc']) {
        const encrypted = key.export({
          type: 'pkcs8',
          format: 'der',
          cipher,
          passphrase: 'a passphrase',
        })
        assert.deepEqual(codes(withKey(encrypted)), ['encrypted-key'])
      }
    })

    test('whose key is none, or of an unknown kind', () => {
      const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
      // The last byte of the object identifier of EC keys.
      const unknown = Buffer.from(pkcs8)
      unknown[unknown.indexOf('2a8648ce3d0201', 'hex') + 6] = 0x7f
      const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
      for (const der of [Buffer.from(fakeKey(), 'base64'), unknown, publicKey])
        assert.deepEqual(codes(withKey(der)), ['bad-key'])
    })

    test('whose key is told of once, at the entry, when another server has it too', () => {
      const second = { second: { ...definition, port: 8443 } }
      const found = checkPolicy(withKey(Buffer.from(fakeKey(), 'base64'), second))
      assert.deepEqual(
        found.filter(({ severity }) => severity === 'error').map(({ code, path }) => [code, path]),
        [['bad-key', 'certs[1].key']],
      )
    })
  })
})
