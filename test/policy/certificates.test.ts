import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
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

  for (const kind of ['pkcs8', 'sec1'] as const)
    test(`a server's key that is not that of its certificate, as ${kind}`, async () => {
      const { cert, key } = await (await CertificateAuthority.create()).issue()
      const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      const base64 = (from: KeyObject) =>
        from.export({ type: kind, format: 'der' }).toString('base64')
      const definition = {
        server: true,
        port: 443,
        protocol: 'h1',
        tls: true,
        server_cert: 'site',
        server_key: 'key',
      }
      const withKey = (serverKey: KeyObject) => ({
        certs: [
          { site: new X509Certificate(cert).raw.toString('base64') },
          { key: base64(serverKey) },
        ],
        s: [{ site: definition }],
      })
      assert.deepEqual(codes(withKey(createPrivateKey(key))), [])
      assert.deepEqual(codes(withKey(other)), ['key-mismatch'])
    })
})
