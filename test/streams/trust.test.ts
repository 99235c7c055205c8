import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { type ContextOptions, openContext } from 'lws-secure-streams'
import { CertificateAuthority, type Http1Peer, startHttp1 } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

describe('what is trusted', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  let other: CertificateAuthority
  let peer: Http1Peer
  before(async () => {
    authority = await CertificateAuthority.create('One CA')
    other = await CertificateAuthority.create('Other CA')
    peer = await startHttp1({ tls: await authority.issue() })
  })
  after(() => peer.close())

  async function outcome(options: Pick<ContextOptions, 'ca'>, store?: CertificateAuthority) {
    const definition = streamtype('h1', peer, { tls: true })
    const policy = policyOf({ it: definition }, store)
    const context = await openContext({ policy, ...options })
    try {
      return await (await context.request('it', { body: 'trusted' })).text()
    } catch (error) {
      return (error as { code: string }).code
    } finally {
      await context.close()
    }
  }

  const refused = 'ERR_SS_ALL_RETRIES_FAILED'

  test("the policy's trust store, and nothing beside it", async () => {
    assert.equal(await outcome({}, authority), 'trusted')
    assert.equal(await outcome({}, other), refused)
    assert.equal(await outcome({ ca: authority.pem }, other), refused)
  })

  test('trust stores that begin with the same certificate do not trust what the other has', async () => {
    const theirs = await startHttp1({ tls: await other.issue() })
    const tls = { tls: true, retry: 'quick' }
    const { certs: _certs, trust_stores: _stores, ...policy } = policyOf({}, authority)
    const third = await CertificateAuthority.create('Third CA')
    const context = await openContext({
      policy: {
        ...policy,
        certs: [
          { one: authority.policyCert },
          { other: other.policyCert },
          { third: third.policyCert },
        ],
        trust_stores: [
          { name: 'both', stack: ['third', 'other'] },
          { name: 'alone', stack: ['third', 'one'] },
        ],
        s: [
          { knows: streamtype('h1', theirs, { ...tls, tls_trust_store: 'both' }) },
          { not: streamtype('h1', theirs, { ...tls, tls_trust_store: 'alone' }) },
        ],
      },
    })
    assert.equal(await (await context.request('knows', { body: 'x' })).text(), 'x')
    await assert.rejects(context.request('not', { body: 'x' }), { code: refused })
    await context.close()
    await theirs.close()
  })

  test("without one, 'ca' as PEM or DER, one or several", async () => {
    assert.equal(await outcome({ ca: authority.pem }), 'trusted')
    assert.equal(await outcome({ ca: authority.der }), 'trusted')
    assert.equal(await outcome({ ca: Buffer.from(other.pem + authority.pem) }), 'trusted')
    assert.equal(await outcome({ ca: [other.der, authority.pem] }), 'trusted')
    const commented = `# One CA\n${authority.pem}\n# Other CA\n${other.pem}`
    assert.equal(await outcome({ ca: commented.replaceAll('\n', '\r\n') }), 'trusted')
    assert.equal(await outcome({ ca: other.pem }), refused)
  })

  test("'system' and 'node' do not know a CA of ours", async () => {
    assert.equal(await outcome({}), refused)
    assert.equal(await outcome({ ca: 'system' }), refused)
    assert.equal(await outcome({ ca: 'node' }), refused)
  })

  test("'system' goes by SSL_CERT_FILE", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'trust-'))
    const file = path.join(folder, 'ca.pem')
    await writeFile(file, authority.pem)
    const policy = policyOf({ it: streamtype('h1', peer, { tls: true }) })
    const program = `
      const { openContext } = require(${JSON.stringify(require.resolve('lws-secure-streams'))})
      openContext({ policy: ${JSON.stringify(policy)} })
        .then(async (context) => {
          console.log(await (await context.request('it', { body: 'trusted' })).text())
          await context.close()
        })
        .catch((error) => { console.log(error.code); process.exit() })`
    const run = async (named: string) => {
      const env = { ...process.env, SSL_CERT_FILE: named }
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { env })
      return stdout.trim()
    }
    assert.equal(await run(file), 'trusted')
    assert.equal(await run(path.join(folder, 'missing.pem')), 'ERR_SS_TRUST')
    await rm(folder, { recursive: true })
  })

  test("'system' on Windows needs a newer Node", {
    skip: 'getCACertificates' in tls && 'this Node can read it',
  }, async () => {
    const policy = policyOf({ it: streamtype('h1', peer, { tls: true }) })
    const program = `
      const { openContext } = require(${JSON.stringify(require.resolve('lws-secure-streams'))})
      openContext({ policy: { s: [] } }).then(async (context) => {
        Object.defineProperty(process, 'platform', { value: 'win32' })
        await openContext({ policy: ${JSON.stringify(policy)} })
          .catch(({ code, message }) => console.log(code, message))
        await context.close()
      })`
    const { SSL_CERT_FILE: _, ...env } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { env })
    assert.match(stdout, /^ERR_SS_TRUST Node .* cannot read .* of Windows: use Node 22.15 or newer/)
  })

  test('what is no certificate is an argument error', async () => {
    const policy = policyOf({ it: streamtype('h1', peer, { tls: true }) })
    for (const ca of [
      'nonsense',
      Buffer.from('nonsense'),
      '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----',
      // The last one would not be trusted, and nobody would know why.
      tls.rootCertificates.slice(0, 2).join('\n').slice(0, -30),
    ])
      assert.throws(() => openContext({ policy, ca }), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => openContext({ policy, ca: 5 as never }), { code: 'ERR_INVALID_ARG_TYPE' })
  })
})
