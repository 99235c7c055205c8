import assert from 'node:assert/strict'
import net, { type Socket } from 'node:net'
import { before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Peer,
  startRaw,
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
import { nextState } from '../support/states.js'

let root: CertificateAuthority
let tls: TlsIdentity
before(async () => {
  root = await CertificateAuthority.create()
  tls = await root.issue()
})

describe('a peer that is expected to speak TLS', { timeout: 30_000 }, () => {
  /** Why a stream did not get there. */
  async function failure(protocol: ProtocolName, peer: Peer): Promise<string> {
    const { retry: _, ...once } = streamtype(protocol, peer, { tls: true })
    await using context = await openContext({ policy: policyOf({ it: once }, root) })
    await using stream = context.stream('it', ownTopic(protocol))
    const error = await stream.send('hello').catch((error) => error)
    assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
    return error.message
  }

  const alert = (description: number) => Buffer.of(21, 3, 3, 0, 2, 2, description)

  const answers: Record<string, [(socket: Socket) => void, RegExp]> = {
    'ends the connection': [(socket) => socket.end(), /hung up during the TLS handshake/],
    'resets the connection': [
      (socket) => socket.resetAndDestroy(),
      /connection reset during the TLS handshake/,
    ],
    'answers in HTTP': [
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /no TLS on that port/,
    ],
    // Three bytes more than its CONNACK has, since OpenSSL waits for a record's head.
    'answers in MQTT': [
      (socket) => socket.write(Buffer.of(0x20, 2, 0, 0, 0xd0, 0, 0)),
      /no TLS on that port/,
    ],
    'cannot agree': [(socket) => socket.end(alert(40)), /refuses the TLS handshake/],
    'has another name': [(socket) => socket.end(alert(112)), /no host of that name \(SNI\)/],
    'wants a certificate': [(socket) => socket.end(alert(116)), /requires a client certificate/],
    'has trouble of its own': [(socket) => socket.end(alert(80)), /an internal error in its TLS/],
  }
  for (const [what, [answer, says]] of Object.entries(answers))
    test(`and ${what} is not reached, and the error says so`, async () => {
      await using peer = await startRaw({
        accept: (socket) => socket.once('data', () => answer(socket)),
      })
      for (const protocol of protocols) assert.match(await failure(protocol, peer), says, protocol)
    })

  test('and stops in the middle of its first message', async () => {
    await using server = await starts.raw({ tls })
    await using peer = await startRaw({
      accept: (socket) => {
        const upstream = net.connect(server.port, '127.0.0.1')
        socket.pipe(upstream)
        upstream.once('data', (piece) => socket.end(piece.subarray(0, 100)))
        upstream.on('error', () => {})
      },
    })
    for (const protocol of protocols)
      assert.match(await failure(protocol, peer), /hung up during the TLS handshake/, protocol)
  })
})

for (const protocol of protocols)
  test(`a peer of ${protocol} that expects TLS is not taken for one without`, async () => {
    await using peer = await starts[protocol]({ tls })
    const { retry: _, ...once } = streamtype(protocol, peer)
    await using context = await openContext({ policy: policyOf({ it: once }) })
    await using stream = context.stream('it', ownTopic(protocol))
    // Raw has no idea of what it carries: it is connected, and then disconnected.
    if (protocol === 'raw') {
      const disconnected = nextState(stream, 'DISCONNECTED')
      await stream.send('hello')
      await disconnected
    } else {
      // The POST has left when the server of h1 takes it for a broken handshake.
      const code = protocol === 'h1' ? 'ERR_SS_DISCONNECTED' : 'ERR_SS_ALL_RETRIES_FAILED'
      await assert.rejects(stream.send('hello'), { code })
    }
    assert.deepEqual(peer.serverNames, [])
  })
