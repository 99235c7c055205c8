import assert from 'node:assert/strict'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { describe, test } from 'node:test'
import { openContext, Return } from 'lws-secure-streams'
import {
  answerStream,
  CertificateAuthority,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  RST_STREAM,
  startFrames,
  startNginx,
  startSessions,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

/** More than any window that a server begins with. */
const BODY = Buffer.alloc(3_000_000, 'a')
const OK = Buffer.of(0x88)
const NO_ERROR = Buffer.alloc(4)
const map = { http_resp_map: [{ 204: 1204 }, { 413: 1413 }] }

/** One that has its answer before it has the request: status 413, and no more of the body. */
function refuse(stream: ServerHttp2Stream, text?: string) {
  stream.respond({ ':status': 413 }, { endStream: text === undefined })
  if (text !== undefined) stream.end(text)
  stream.close(constants.NGHTTP2_NO_ERROR)
}

describe('an h2 answer amid its request', { timeout: 60_000 }, () => {
  for (const text of [undefined, 'too much'])
    test(`${text ? 'with' : 'without'} a body counts, though the server resets the stream`, async () => {
      let asked = 0
      await using peer = await startSessions((stream) => {
        asked++
        refuse(stream, text)
      })
      await using context = await openContext({
        policy: policyOf({ it: streamtype('h2', peer, map) }),
      })
      for (let n = 1; n <= 3; n++) {
        const reply = await context.request('it', { body: BODY })
        assert.equal(reply.state, 1413)
        assert.equal(await reply.text(), text ?? '')
        assert.equal(asked, n)
      }
      assert.equal(peer.sessions.length, 1)
    })

  test('is what each message of a stream gets, in order', async () => {
    let asked = 0
    await using peer = await startSessions((stream) => {
      if (++asked === 2) {
        stream.on('end', () => {
          stream.respond({ ':status': 200 })
          stream.end('second')
        })
      } else refuse(stream)
    })
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, map) }),
    })
    await using stream = context.stream('it')
    const sent = [BODY, 'short', BODY].map((body) => stream.send(body))
    await assert.rejects(sent[0] as Promise<void>, { code: 'ERR_SS_NACK', state: 1413 })
    await sent[1]
    await assert.rejects(sent[2] as Promise<void>, { code: 'ERR_SS_NACK', state: 1413 })
    assert.equal(asked, 3)
  })

  test('counts when the server takes no more of the request, and says nothing of it', async () => {
    const reset: number[] = []
    await using peer = await startFrames(
      (socket, stream) => socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK)),
      (type, stream) => type === RST_STREAM && reset.push(stream),
    )
    await using context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    for (let n = 0; n < 3; n++) {
      const reply = await context.request('it', { body: BODY })
      assert.ok(reply.acked)
      assert.equal(await reply.text(), '')
    }
    assert.equal(peer.connections, 1)
    // The server need not wait for the rest.
    assert.deepEqual(reset.slice(0, 2), [1, 3])
  })

  test('is whole when NO_ERROR follows all that its content-length says', async () => {
    const length = Buffer.from('\x88\x0f\x0d\x015', 'latin1')
    await using peer = await startFrames((socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, length))
      socket.write(frame(DATA, 0, stream, Buffer.from(stream === 1 ? 'whole' : 'half')))
      socket.write(frame(RST_STREAM, 0, stream, NO_ERROR))
    })
    const { retry: _, ...it } = streamtype('h2', peer)
    await using context = await openContext({ policy: policyOf({ it }) })
    const reply = await context.request('it', { body: BODY })
    assert.equal(await reply.text(), 'whole')
    const half = await context.request('it', { body: BODY })
    await assert.rejects(half.text(), { code: 'ERR_SS_DISCONNECTED' })
  })

  test('ends what a tx handler is asked for', async () => {
    await using peer = await startSessions((stream) => refuse(stream))
    await using context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const seen: unknown[] = []
    await new Promise<void>((resolve) => {
      context.stream('it', {
        state(stream, state) {
          seen.push(state)
          if (state === 'CREATING') stream.requestTx(BODY.length)
          if (state === 'DISCONNECTED') stream.destroy()
          if (state === 'DESTROYING') resolve()
        },
        tx(stream, { room }) {
          if (seen.at(-1) !== 'CONNECTING') seen.push('tx')
          stream.requestTx()
          return seen.at(-1) === 'tx'
            ? Return.TX_DONT_SEND
            : { data: BODY.subarray(0, room), som: true, eom: false }
        },
      })
    })
    assert.deepEqual(seen.slice(-4), ['CONNECTED', 'QOS_NACK_REMOTE', 'DISCONNECTED', 'DESTROYING'])
  })

  test('a tx handler is not asked again once the request has ended', async () => {
    await using peer = await startSessions((stream) => {
      stream.on('end', () => answerStream(stream))
    })
    await using context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    let calls = 0
    await using stream = context.stream('it', {
      state(stream, state) {
        if (state === 'CREATING') stream.requestTx(4)
      },
      tx(stream) {
        calls++
        // Both have it writeable again.
        stream.addPeerTxCredit(1000)
        stream.requestTx()
        return { data: 'text', som: true, eom: true }
      },
      initialTxCredit: 1000,
    })
    await nextState(stream, 'QOS_ACK_REMOTE')
    assert.equal(calls, 1)
  })

  test("of nginx, 204 without a look at the body, is the request's", async () => {
    const authority = await CertificateAuthority.create()
    const more = 'client_max_body_size 10m; location / { return 204; }'
    await using peer = await startNginx({
      files: {},
      http2: true,
      tls: await authority.issue(),
      more,
    })
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, { ...map, tls: true }) }, authority),
    })
    for (let n = 0; n < 3; n++) {
      const reply = await context.request('it', { body: BODY })
      assert.equal(reply.state, 1204)
      assert.equal(await reply.text(), '')
    }
  })
})
