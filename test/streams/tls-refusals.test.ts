import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { before, describe, test } from 'node:test'
import { type Context, openContext, Return } from 'lws-secure-streams'
import {
  CertificateAuthority,
  ExtendedKeyUsage,
  type Peer,
  startOpenssl,
  starts,
  type TlsIdentity,
} from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const LARGE = Buffer.alloc(16 * 1024 * 1024)
// With TLS 1.3 these are connected before they hear of it.
const connectedWithoutAnAnswer = new Set<ProtocolName>(['raw'])

describe('a server that refuses the client for its certificate', { timeout: 120_000 }, () => {
  const { put } = temporaryFolder()
  let authority: CertificateAuthority
  let tls: TlsIdentity
  let clientCert: { cert: Buffer; key: Buffer }[]
  let verifying: string[]
  before(async () => {
    authority = await CertificateAuthority.create()
    tls = {
      ...(await authority.issue()),
      requestCert: true,
      rejectUnauthorized: true,
      ca: authority.pem,
    }
    const unknown = await CertificateAuthority.create('another CA')
    const expired = { notBefore: new Date(1), notAfter: new Date(2) }
    const issued = [unknown.issue(alice), authority.issue({ ...alice, ...expired })]
    clientCert = (await Promise.all(issued)).map(({ cert, key }) => ({
      cert: new X509Certificate(cert).raw,
      key: createPrivateKey(key).export({ type: 'pkcs8', format: 'der' }),
    }))
    verifying = ['-CAfile', put('ca.pem', authority.pem), '-verify_return_error']
  })
  const alice = { names: ['alice'], extendedKeyUsage: ExtendedKeyUsage.clientAuth }

  const open = (protocol: ProtocolName, peer: Peer, more = {}): Promise<Context> =>
    openContext({
      blobs: { clientCert },
      policy: policyOf({ it: streamtype(protocol, peer, { tls: true, ...more }) }, authority),
    })

  async function failsFor(context: Context, protocol: ProtocolName, reason: RegExp) {
    const stream = context.stream('it', ownTopic(protocol))
    const states = traceStates(stream)
    const gaveUp = nextState(stream, 'ALL_RETRIES_FAILED')
    await stream.connect().catch((error) => {
      assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
      assert.match(error.message, reason)
    })
    await gaveUp
    assert.equal(stream.lastError?.code, 'ERR_SS_UNREACHABLE')
    assert.match(stream.lastError.message, reason)
    // The first attempt, and the two that the policy allows besides.
    assert.equal(states.filter((state) => state === 'CONNECTING').length, 3)
    return states
  }

  for (const protocol of protocols)
    for (const version of VERSIONS) {
      test(`${protocol} says that it wants one, with ${version}`, async () => {
        const options = { ...tls, minVersion: version, maxVersion: version }
        await using peer = await starts[protocol]({ tls: options })
        await using context = await open(protocol, peer)
        const reason =
          version === 'TLSv1.3' ? /requires a client certificate/ : /refuses the TLS handshake/
        const states = await failsFor(context, protocol, reason)
        const connects = version === 'TLSv1.3' && connectedWithoutAnAnswer.has(protocol)
        assert.equal(states.includes('CONNECTED'), connects)
      })

      for (const [client_cert, reason] of [
        [0, /its authority is not known there/],
        [1, /it has expired/],
      ] as const)
        test(`${protocol} says what is wrong with it, with ${version}: ${reason}`, async () => {
          const only = version === 'TLSv1.3' ? '-tls1_3' : '-tls1_2'
          await using peer = await startOpenssl(tls, only, '-Verify', '2', ...verifying)
          await using context = await open(protocol, peer, { client_cert })
          await failsFor(context, protocol, reason)
        })
    }

  for (const protocol of protocols)
    test(`${protocol} says so amid a large message`, async () => {
      await using peer = await starts[protocol]({ tls })
      await using context = await open(protocol, peer, { opportunistic: true })
      const stream = context.stream('it', ownTopic(protocol))
      await assert.rejects(stream.send(LARGE), (error: Error & { code: string }) => {
        const connects = connectedWithoutAnAnswer.has(protocol)
        assert.equal(error.code, connects ? 'ERR_SS_DISCONNECTED' : 'ERR_SS_ALL_RETRIES_FAILED')
        return true
      })
      assert.match(stream.lastError?.message ?? '', /requires a client certificate/)
    })

  test('raw with handlers gives up likewise, and knows why', async () => {
    await using peer = await starts.raw({ tls })
    await using context = await open('raw', peer)
    const stream = context.stream('it', { state: () => Return.OK })
    const states = traceStates(stream)
    const gaveUp = nextState(stream, 'ALL_RETRIES_FAILED')
    stream.connect().catch(() => {})
    await gaveUp
    assert.equal(states.filter((state) => state === 'CONNECTED').length, 3)
    assert.match(stream.lastError?.message ?? '', /requires a client certificate/)
  })

  test('amid a conversation, which is begun again', async () => {
    // The server takes a client without a certificate, and then asks for one.
    const options = ['-tls1_3', '-CAfile', put('later.pem', authority.pem), '-verify_return_error']
    await using peer = await startOpenssl(tls, ...options)
    await using context = await open('raw', peer, { client_cert: 0 })
    const stream = context.stream('it')
    await stream.connect()
    for (let round = 0; round < 5; round++) {
      peer.type('hello')
      assert.equal(String(await nextMessage(stream)), 'hello\n')
      const disconnected = once(stream, 'state')
      peer.type('c')
      assert.deepEqual(await disconnected, ['DISCONNECTED', 0])
      assert.match(stream.lastError?.message ?? '', /its authority is not known there/)
      await nextState(stream, 'CONNECTED')
    }
  })
})
