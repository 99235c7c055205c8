// What a stream tells of its TLS, and the secrets that a context tells.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import type { Server } from 'node:net'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { CertificateAuthority, startRaw, starts, type TlsIdentity } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { httpServer } from '../serving/servers.js'
import { curl } from '../support/curl.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'

let authority: CertificateAuthority
let identity: TlsIdentity
before(async () => {
  authority = await CertificateAuthority.create()
  identity = await authority.issue({ commonName: 'the server' })
})

const tlsOf = ({ tlsVersion, alpn, peerCertificate }: SecureStream) => [
  tlsVersion,
  alpn,
  peerCertificate?.subject,
]
const NONE = [undefined, undefined, undefined]

describe('a stream tells of its TLS', () => {
  for (const protocol of protocols)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      test(`on ${protocol} with ${version}`, async () => {
        await using peer = await starts[protocol]({
          tls: { ...identity, minVersion: version, maxVersion: version },
        })
        const it = streamtype(protocol, peer, { tls: true })
        await using context = await openContext({ policy: policyOf({ it }, authority) })
        // Handlers are told at once: the answer of a transaction may be complete soon after.
        let told: ReturnType<typeof tlsOf> = []
        const stream = context.stream('it', {
          ...ownTopic(protocol),
          state(stream, state) {
            if (state === 'CONNECTED') told = tlsOf(stream)
            return 0
          },
          tx: () => ({ data: 'x' }),
        })
        assert.deepEqual(tlsOf(stream), NONE)
        stream.requestTx(1)
        await stream.connect()
        const [tlsVersion, alpn, subject] = told
        assert.deepEqual([tlsVersion, subject], [version, 'CN=the server'])
        const expected = { h1: ['http/1.1', undefined], h2: ['h2'], ws: ['http/1.1', undefined] }
        assert.ok((expected[protocol as 'h1'] ?? [undefined]).includes(alpn as string), `${alpn}`)
        await stream[Symbol.asyncDispose]()
        assert.deepEqual(tlsOf(stream), NONE)
      })

  test('without TLS it has nothing to tell', async () => {
    await using peer = await startRaw()
    await using context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    await stream.connect()
    assert.deepEqual(tlsOf(stream), NONE)
  })
})

/** A context that serves h2, and h1, with TLS. */
function openServer(): Promise<Context> {
  const secure = { tls: true, server_cert: 'site' }
  return openContext({
    policy: { s: [{ site: httpServer({ ...secure, protocol: 'h2' }) }] },
    blobs: { serverCert: [{ name: 'site', ...identity }] },
  })
}

for (const [alpn, version] of [
  ['h2', 'TLSv1.3'],
  ['http/1.1', 'TLSv1.2'],
] as const)
  test(`a server tells of that of its clients, with ${alpn}`, async () => {
    await using context = await openServer()
    await using server = await context.serve('site', {
      transaction: (txn) => txn.ack().end(tlsOf(txn.stream).join()),
    })
    const said = await curl(
      `https://localhost:${server.port}/`,
      alpn === 'h2' ? '--http2' : '--http1.1',
      ...['--tls-max', version.slice(-3), '--insecure'],
    )
    assert.equal(said, `${version},${alpn},`)
  })

describe("'keylog'", { timeout: 20_000 }, () => {
  test('has the lines that the peer has, while somebody listens', async () => {
    const theirs: string[] = []
    const server = tls.createServer(identity, (socket) => socket.resume())
    server.on('keylog', (line) => theirs.push(String(line)))
    await using peer = await ServerPeer.listen(server as Server)
    const it = streamtype('raw', peer, { tls: true })
    await using context = await openContext({ policy: policyOf({ it }, authority) })
    const connect = async () => {
      const secure = once(server, 'secureConnection')
      await using stream = context.stream('it')
      await stream.connect()
      await secure
    }
    await connect()
    const ours: string[] = []
    const listen = (line: Buffer) => ours.push(String(line))
    context.on('keylog', listen)
    await Promise.resolve()
    const before = theirs.length
    assert.ok(before > 0)
    await connect()
    assert.deepEqual(ours.sort(), theirs.slice(before).sort())
    assert.ok(ours.some((line) => /^CLIENT_TRAFFIC_SECRET_0 [\da-f]{64} [\da-f]+\n$/.test(line)))
    context.off('keylog', listen)
    await Promise.resolve()
    const told = ours.length
    await connect()
    assert.equal(ours.length, told)
  })

  test('has those of servers, and of what a change of the policy brings', async () => {
    const theirs: string[] = []
    const ours: string[] = []
    await using peer = await startRaw({ tls: identity })
    await using context = await openServer()
    context.on('keylog', (line) => ours.push(String(line)))
    await using server = await context.serve('site', { transaction: (txn) => void txn.ack().end() })
    const request = https.get({
      port: server.port,
      ca: authority.pem,
      servername: 'localhost',
      agent: false,
    })
    request.on('socket', (socket) => socket.on('keylog', (line) => theirs.push(String(line))))
    const [response] = await once(request, 'response')
    response.resume()
    assert.ok(theirs.length > 0)
    assert.deepEqual(ours.splice(0).sort(), theirs.sort())
    await context.overlay(policyOf({ late: streamtype('raw', peer, { tls: true }) }, authority))
    await context.stream('late').connect()
    while (!ours.some((line) => line.startsWith('CLIENT_TRAFFIC_SECRET_0 ')))
      await once(context, 'keylog')
  })
})
