/**
 * What users of other clients reported of values that went with the wrong request, of secrets in what they
 * logged, of requests that never ended, and of WebSockets that ended for what they were given to send. Each
 * is told at its test.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { openContext } from 'lws-secure-streams'
import { runLwsSs } from '../cli/helpers.js'
import { startAedes, startRaw, startWebSocket } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState } from '../support/states.js'
import { temporaryFolder } from '../support/temporary-folder.js'

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the policy's own substitution

/** Answers with what it was asked, and a type of its own. */
async function startMirror(protocol: 'h1' | 'h2'): Promise<ServerPeer> {
  const server = protocol === 'h1' ? http.createServer() : http2.createServer()
  server.on('request', async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const { authorization, 'content-type': type, 'x-id': id } = request.headers
    response.writeHead(request.url === '/forbidden' ? 403 : 200, { 'content-type': 'text/answer' })
    const seen = {
      url: request.url,
      authorization,
      type,
      id,
      body: Buffer.concat(pieces).toString(),
    }
    // Later ones overtake earlier ones.
    setTimeout(() => response.end(JSON.stringify(seen)), Math.random() * 20)
  })
  return ServerPeer.listen(server as Server)
}

const definition = {
  http_url: '/${path}',
  metadata: [{ path: '' }, { id: 'x-id:' }, { type: 'content-type:' }, { token: 'authorization:' }],
}

for (const protocol of ['h1', 'h2'] as const)
  describe(`values and their requests on ${protocol}`, { timeout: 60_000 }, () => {
    const opened = async (more = {}) => {
      const peer = await startMirror(protocol)
      const context = await openContext({
        policy: policyOf({
          it: streamtype(protocol, peer, { ...definition, ...more }),
          dead: streamtype(protocol, { port: 1 }, definition),
        }),
      })
      return {
        context,
        async [Symbol.asyncDispose]() {
          await context.close()
          await peer.close()
        },
      }
    }

    // najax 50: headers given with one request were sent with the next. axios 1387: a header that one instance
    // was given, an Authorization, was sent by another. auth0/ruby-auth0 344: parameters of a GET were sent with
    // the POST that came next.
    test('what was said for one is not sent with the next', async () => {
      await using it = await opened()
      const { context } = it
      const metadata = { path: 'first', token: 'Bearer 1', type: 'text/mine', id: '1' }
      const first = await (await context.request('it', { metadata, body: 'x' })).json()
      const next = await (
        await context.request('it', { metadata: { path: 'next' }, body: 'x' })
      ).json()
      assert.deepEqual(first, {
        url: '/first',
        authorization: 'Bearer 1',
        type: 'text/mine',
        id: '1',
        body: 'x',
      })
      assert.deepEqual(next, { url: '/next', body: 'x' })
    })

    // The same, with streams: what was said on one, and for one message of it.
    test('nor by another stream, or with the next message', async () => {
      await using it = await opened()
      const stream = it.context.stream('it', { metadata: { path: 'a', token: 'Bearer a' } })
      const other = it.context.stream('it', { metadata: { path: 'b' } })
      const answers: string[] = []
      for (const one of [stream, other])
        one.on('message', (message) => {
          const { url, authorization, id } = message.json() as Record<string, string>
          answers.push(`${url} ${authorization} ${id}`)
        })
      await stream.send('x', { metadata: { id: '1' } })
      await Promise.all([stream.send('x'), other.send('x')])
      assert.deepEqual(answers.sort(), [
        '/a Bearer a 1',
        '/a Bearer a undefined',
        '/b undefined undefined',
      ])
    })

    // axios 2282: answers of concurrent requests went to others than had asked. bybit-api 241: headers made for
    // one of several parallel requests were sent with another.
    test('a thousand at once each have their own values, and their own answer', async () => {
      await using it = await opened()
      const asked = Array.from({ length: 1000 }, async (_, n) => {
        const metadata = { path: `p${n}`, id: `${n}`, token: `Bearer ${n}` }
        const reply = await it.context.request('it', { metadata, body: `${n}` })
        assert.deepEqual(await reply.json(), {
          url: `/p${n}`,
          authorization: `Bearer ${n}`,
          id: `${n}`,
          body: `${n}`,
        })
      })
      await Promise.all(asked)
    })

    // request 857, axios 11154: the object of options was changed by the call, so that the next call with it did
    // something else. And the other way round: the caller goes on with its object.
    test('an object of options is used again, and changed, without harm', async () => {
      await using it = await opened()
      await using stream = it.context.stream('it')
      const urls: unknown[] = []
      stream.on('message', (message) => urls.push((message.json() as { url: string }).url))
      const options = Object.freeze({ metadata: Object.freeze({ path: 'kept' }) })
      await Promise.all([stream.send('x', options), stream.send('x', options)])
      const changing = { metadata: { path: 'before' } }
      const bytes = Buffer.from('bytes')
      const sent = [stream.send('x', changing)]
      stream.setMetadata('path', bytes)
      sent.push(stream.send('x'))
      changing.metadata.path = 'after'
      bytes.fill(0x78)
      await Promise.all(sent)
      assert.deepEqual(urls, ['/kept', '/kept', '/before', '/bytes'])
    })

    // axios 2602, 2648, 4246, 6919: the error of a refused request had its Authorization in many places, and
    // whoever logged the error logged the token.
    test('neither errors nor replies have the secrets that were sent', async () => {
      await using it = await opened({ timeout_ms: 60_000 })
      const { context } = it
      const token = 'Bearer top-secret'
      const metadata = { path: 'forbidden', token }
      const logged: unknown[] = []
      const log = (what: unknown) =>
        logged.push(inspect(what, { depth: 10, showHidden: true }), JSON.stringify(what))
      await using stream = context.stream('it', { metadata: { path: 'forbidden' } })
      const message = once(stream, 'message')
      await stream.send('x', { metadata }).catch(log)
      log((await message)[0].metadata)
      const reply = await context.request('it', { metadata, body: 'x' })
      assert.equal(reply.acked, false)
      log(reply.metadata)
      log(reply)
      await reply.bytes()
      await context.request('dead', { metadata, body: 'x' }).catch(log)
      assert.ok(logged.length >= 10)
      for (const text of logged) assert.doesNotMatch(String(text), /secret/)
    })

    // superagent 1759, mempool 314 (axios): a server that took the request and never answered kept the program
    // waiting for ever. axios 124: even with a timeout, one of 3,000 requests did.
    test('a server that never answers is waited for as long as the policy says, by every request', async () => {
      await using silent = await startRaw({ accept: (socket) => void socket.resume() })
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, silent, { ...definition, timeout_ms: 300 }) }),
      })
      const asked = Array.from({ length: 300 }, (_, n) =>
        n % 2 === 0
          ? context.request('it', { body: 'x' })
          : context.stream('it').send('x', { metadata: { id: `${n}` } }),
      )
      for (const result of await Promise.allSettled(asked))
        assert.equal(result.status === 'rejected' && result.reason.code, 'ERR_SS_TIMEOUT')
    })
  })

describe('what is sent on a WebSocket', { timeout: 60_000 }, () => {
  // arduinoWebSockets 817, k8s-client-go 2 (a shell that showed a file), libwebsockets 2720: bytes that are no
  // UTF-8 were sent as text, and the peer hung up with 1007. A text file read in pieces is enough for that.
  test('a file of text in pieces, of which one ends amid a character, does not end it', async () => {
    await using peer = await startWebSocket()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('ws', peer, { ws_binary: false }) }),
    })
    await using stream = context.stream('it')
    const text = 'grün'.repeat(100)
    const pieces = Readable.from([Buffer.from(text).subarray(0, 3), Buffer.from(text).subarray(3)])
    let refused = 0
    for await (const piece of pieces)
      try {
        await stream.send(piece)
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ERR_INVALID_ARG_VALUE')
        refused++
        await stream.send(piece, { binary: true })
      }
    assert.equal(refused, 2)
    const heard = [await nextMessage(stream), await nextMessage(stream)]
    assert.equal(Buffer.concat(heard).toString(), text)
    assert.deepEqual([peer.connections, stream.state], [1, 'CONNECTED'])
  })

  // cWS 34: text that was sent with `binary: true` came with the wrong length, and as no UTF-8.
  test('text may be sent as binary, and is what it was', async () => {
    await using peer = await startWebSocket()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('ws', peer, { ws_binary: false }) }),
    })
    await using stream = context.stream('it')
    const text = JSON.stringify({ name: 'Ärger — 你好' })
    await stream.send(text, { binary: true })
    const { value } = await stream[Symbol.asyncIterator]().next()
    assert.deepEqual([value?.text(), value?.binary], [text, true])
  })

  // websocat 63: a server that closed right after the handshake, with 1008, left the command hanging; 299: its
  // status was 0 after an error. wscat 1 and 108: neither code nor reason were shown.
  test('the command ends at once with a status, and says the code and the reason', async () => {
    const { put } = temporaryFolder()
    await using peer = await startWebSocket()
    peer.webSockets.on('connection', (socket) => socket.close(1008, 'no such room'))
    const policy = put('policy.json', JSON.stringify(policyOf({ it: streamtype('ws', peer) })))
    const { status, complaints } = await runLwsSs(['get', policy, 'it', '--wait', 'Infinity'], 'x')
    assert.equal(status, 4)
    assert.match(complaints, /code 1008: "no such room"\n$/)
  })
})

// micropython-mqtt 150: what waited for a connection to come back was then sent without the topic that it was
// given, since that had been said on the connection before.
test('what waited for a broker goes to the topics that it was given', {
  timeout: 60_000,
}, async () => {
  await using first = await startAedes()
  const { port } = first
  const retry = { backoff: [50], conceal: 100, jitterpc: 1 }
  const policy = policyOf({
    it: streamtype('mqtt', first, { retry: 'often', mqtt_topic: 'to/${topic}' }),
  })
  await using context = await openContext({
    policy: { ...policy, retry: [...(policy.retry ?? []), { often: retry }] },
  })
  await using stream = context.stream('it', { metadata: { topic: 'own' } })
  await stream.send('before')
  const gone = nextState(stream, 'DISCONNECTED')
  await first.close()
  await gone
  const topics = Array.from({ length: 20 }, (_, n) => `t${n}`)
  const sent = topics.map((topic, n) => {
    if (n % 2 === 0) return stream.send(topic, { metadata: { topic } })
    stream.setMetadata('topic', topic)
    return stream.send(topic)
  })
  stream.setMetadata('topic', 'elsewhere')
  await using second = await startAedes({ port })
  await Promise.all(sent)
  assert.deepEqual(
    second.published.map(({ topic, payload }) => `${topic} ${payload}`),
    topics.map((topic) => `to/${topic} ${topic}`),
  )
})

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the policy's own substitution
