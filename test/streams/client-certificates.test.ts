import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { Server } from 'node:net'
import { before, describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  ExtendedKeyUsage,
  rsa,
  starts,
  type TlsIdentity,
} from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

interface Pair {
  cert: Buffer
  key: Buffer
}

/** Answers with the name in the client's certificate. */
function whoAsks(request: http.IncomingMessage | http2.Http2ServerRequest): string {
  const socket = (
    'stream' in request ? request.stream.session?.socket : request.socket
  ) as TLSSocket
  return String(socket.getPeerCertificate().subject?.CN ?? 'nobody')
}

const servers = {
  h1: (tls: TlsIdentity) =>
    https.createServer(tls, (request, response) => {
      response.end(whoAsks(request))
    }),
  h2: (tls: TlsIdentity) =>
    http2.createSecureServer(tls, (request, response) => {
      response.end(whoAsks(request))
    }),
}

describe('a client certificate', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  let tls: TlsIdentity
  let clientCert: Pair[]
  before(async () => {
    authority = await CertificateAuthority.create()
    tls = {
      ...(await authority.issue()),
      requestCert: true,
      rejectUnauthorized: false,
      ca: authority.pem,
    }
    clientCert = await Promise.all(
      ['alice', 'bob'].map(async (name) => {
        const extendedKeyUsage = ExtendedKeyUsage.clientAuth
        const { cert, key } = await authority.issue({ names: [name], extendedKeyUsage })
        return {
          cert: new X509Certificate(cert).raw,
          key: createPrivateKey(key).export({ type: 'pkcs8', format: 'der' }),
        }
      }),
    )
  })

  for (const protocol of ['h1', 'h2'] as const)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      test(`is shown on connections of its own only, by ${protocol} with ${version}`, async () => {
        const server = servers[protocol]({ ...tls, minVersion: version, maxVersion: version })
        await using peer = await ServerPeer.listen(server as Server)
        const of = (more = {}) =>
          streamtype(protocol, peer, { tls: true, http_method: 'GET', ...more })
        await using context = await openContext({
          blobs: { clientCert },
          policy: policyOf(
            { nobody: of(), alice: of({ client_cert: 0 }), bob: of({ client_cert: 1 }) },
            authority,
          ),
        })
        for (const name of ['alice', 'nobody', 'bob', 'alice', 'nobody', 'bob'])
          assert.equal(await (await context.request(name)).text(), name)
        assert.equal(peer.connections, 3)

        // The sessions are kept apart as well.
        for (const name of ['bob', 'alice', 'nobody']) {
          const closed = [...peer.sockets].map((socket) => once(socket, 'close'))
          peer.dropConnections()
          await Promise.all(closed)
          assert.equal(await (await context.request(name)).text(), name)
        }
        assert.deepEqual(peer.sessionsReused, [false, false, false, true, true, true])
      })

  for (const protocol of ['h1', 'h2'] as const)
    test(`is not shown to another server that one redirects to, by ${protocol}`, async () => {
      await using there = await ServerPeer.listen(servers[protocol](tls) as Server)
      await using here = await starts[protocol]({ tls })
      const location = encodeURIComponent(`https://localhost:${there.port}/`)
      const of = (peer: { port: number }, http_url = '/') =>
        streamtype(protocol, peer, {
          tls: true,
          http_method: 'GET',
          http_url,
          allow_redirects: true,
          client_cert: 0,
        })
      await using context = await openContext({
        blobs: { clientCert },
        policy: policyOf(
          { direct: of(there), redirected: of(here, `/redirect/302/${location}`) },
          authority,
        ),
      })
      // Neither takes over the connection of the other, nor its session.
      for (let round = 0; round < 2; round++) {
        assert.equal(await (await context.request('direct')).text(), 'alice')
        assert.equal(await (await context.request('redirected')).text(), 'nobody')
        const closed = [...there.sockets].map((socket) => once(socket, 'close'))
        there.dropConnections()
        await Promise.all(closed)
      }
      assert.equal(here.clientNames[0], 'alice')
    })

  for (const [kind, keyAlgorithm, types] of [
    ['RSA', rsa(2048), ['pkcs8', 'pkcs1']],
    ['P-384', { name: 'ECDSA', namedCurve: 'P-384' }, ['pkcs8', 'sec1']],
    ['Ed25519', { name: 'Ed25519' }, ['pkcs8']],
  ] as const)
    for (const type of types)
      test(`may have a key of the kind ${kind}, as ${type}`, async () => {
        await using peer = await starts.raw({ tls })
        const issued = await authority.issue({ names: [kind], keyAlgorithm })
        const key = createPrivateKey(issued.key).export({ type, format: 'der' })
        const it = streamtype('raw', peer, { tls: true, client_cert: 0 })
        await using context = await openContext({
          blobs: { clientCert: [{ cert: new X509Certificate(issued.cert).raw, key }] },
          policy: policyOf({ it }, authority),
        })
        await using stream = context.stream('it')
        await stream.send('hello')
        assert.equal(String(await nextMessage(stream)), 'hello')
        assert.deepEqual(peer.clientNames, [kind])
      })

  for (const protocol of protocols)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      test(`that takes the place of another is shown from then on, by ${protocol} with ${version}`, async () => {
        await using peer = await starts[protocol]({
          tls: { ...tls, minVersion: version, maxVersion: version },
        })
        await using context = await openContext({
          blobs: { clientCert },
          policy: policyOf(
            { it: streamtype(protocol, peer, { tls: true, client_cert: 0 }) },
            authority,
          ),
        })
        const [alice, bob] = clientCert as [Pair, Pair]
        for (const pair of [alice, bob, bob, alice]) {
          context.setBlob('clientCert', [pair])
          // A new stream may take over the connection of an earlier one that has ended.
          await using stream = context.stream('it', ownTopic(protocol))
          await stream.send('hello')
          assert.equal(String(await nextMessage(stream)), 'hello')
          if (pair === bob) peer.dropConnections()
        }
        assert.deepEqual(peer.clientNames, ['alice', 'bob', 'bob', 'alice'])
        assert.deepEqual(peer.sessionsReused, [false, false, true, true])
      })
})
