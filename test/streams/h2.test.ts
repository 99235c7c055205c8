import assert from 'node:assert/strict'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, startHttp2 } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

class SessionPeer extends ServerPeer {
  sessions: http2.ServerHttp2Session[] = []
}

/** node:http2 whose streams the test answers. */
async function startSessions(
  onStream: (stream: http2.ServerHttp2Stream, peer: SessionPeer) => void,
  settings: http2.Settings = {},
): Promise<SessionPeer> {
  const server = http2.createServer({ settings })
  const peer = await SessionPeer.listen(server as Server)
  server.on('session', (session) => {
    session.on('error', () => {})
    peer.sessions.push(session)
  })
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.resume()
    onStream(stream, peer)
  })
  return peer
}

describe('h2', { timeout: 60_000 }, () => {
  test('works with the default settings of node:http2, with TLS and cleartext', async () => {
    const authority = await CertificateAuthority.create()
    for (const tls of [false, true]) {
      await using peer = await startHttp2(tls ? { tls: await authority.issue() } : {})
      const context = await openContext({
        policy: policyOf({ it: streamtype('h2', peer, { tls }) }, authority),
      })
      const reply = await context.request('it', { body: 'hello' })
      assert.equal(await reply.text(), 'hello')
      assert.equal(peer.requests[0]?.headers[':authority'], 'localhost')
      await context.close()
    }
  })

  test('streams that share a connection are CONNECTED when they are answered', async () => {
    const answers = new Map<string, () => void>()
    await using peer = await startSessions((stream) => {
      const path = String(stream.session && stream.sentHeaders === undefined ? '' : '')
      answers.set(`${path}${stream.id}`, () => {
        stream.respond({ ':status': 200 })
        stream.end('done')
      })
    })
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const streams = [0, 1, 2].map(() => context.stream('it'))
    const traces = streams.map(traceStates)
    const sent = streams.map((stream) => stream.send('x'))
    while (answers.size < 3) await new Promise(setImmediate)
    for (const trace of traces) assert.ok(!trace.includes('CONNECTED'))
    for (const answer of answers.values()) answer()
    await Promise.all(sent)
    for (const trace of traces) assert.ok(trace.includes('CONNECTED'))
    assert.equal(peer.sessions.length, 1)
    await context.close()
  })

  test('a stream that the server resets ends at once, before and after the answer began', async () => {
    await using peer = await startSessions((stream) => {
      if (peer.sessions.length > 0 && stream.id === 3)
        stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
      else {
        stream.respond({ ':status': 200 })
        stream.write('some', () => stream.close(http2.constants.NGHTTP2_CANCEL))
      }
    })
    const { retry: _, ...definition } = streamtype('h2', peer)
    const context = await openContext({ policy: policyOf({ it: definition }) })
    await assert.rejects(context.stream('it').send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    await assert.rejects(context.stream('it').send('x'), { code: 'ERR_SS_DISCONNECTED' })
    assert.equal(peer.sessions.length, 1, 'the connection stays')
    await context.close()
  })

  test('a connection that the server retires is finished and not used again', async () => {
    const held: http2.ServerHttp2Stream[] = []
    await using peer = await startSessions((stream) => {
      held.push(stream)
    })
    const answer = (stream: http2.ServerHttp2Stream | undefined) => {
      stream?.respond({ ':status': 200 })
      stream?.end('answer')
    }
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const first = context.request('it', { body: 'x' })
    while (held.length < 1) await new Promise(setImmediate)
    peer.sessions[0]?.goaway(http2.constants.NGHTTP2_NO_ERROR)
    const second = context.request('it', { body: 'y' })
    while (held.length < 2) {
      await new Promise(setImmediate)
      if (held.length === 1 && peer.sessions.length === 1) continue
    }
    held.forEach(answer)
    assert.equal(await (await first).text(), 'answer')
    assert.equal(await (await second).text(), 'answer')
    await context.close()
  })

  test('a stream is told when its connection is lost', async () => {
    await using peer = await startSessions((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('some')
    })
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const stream = context.stream('it')
    const connected = nextState(stream, 'CONNECTED')
    const sent = stream.send('x')
    await connected
    const disconnected = nextState(stream, 'DISCONNECTED')
    peer.dropConnections()
    await disconnected
    await assert.rejects(sent, { code: 'ERR_SS_DISCONNECTED' })
    await context.close()
  })
})
