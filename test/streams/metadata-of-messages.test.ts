import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { startHttp1, startHttp2 } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the policy's own substitution

const values = ['a', 'b', 'c', 'd', 'e']

/** What a server heard, which answers with a type and a note of its own. */
class Notes extends ServerPeer {
  readonly seen: { url: string; type?: string; note?: string; body: string }[] = []
}

async function startNotes(protocol: 'h1' | 'h2'): Promise<Notes> {
  const server = protocol === 'h1' ? http.createServer() : http2.createServer()
  const peer = await Notes.listen(server as Server)
  server.on('request', async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const { 'content-type': type, 'x-note': note } = request.headers
    peer.seen.push({
      url: request.url ?? '',
      ...(type !== undefined && { type }),
      ...(note !== undefined && { note: String(note) }),
      body: Buffer.concat(pieces).toString(),
    })
    const refused = request.url === '/busy' && peer.seen.length === 1
    response.writeHead(refused ? 503 : 200, { 'content-type': 'text/x-answer', 'x-note': 'heard' })
    response.end(request.url)
  })
  return peer
}

const transaction = {
  http_url: '/${path}',
  metadata: [
    { path: '' },
    { type: 'content-type:' },
    { note: 'x-note:' },
    { secret: 'authorization:' },
  ],
}

for (const protocol of ['h1', 'h2'] as const)
  describe(`metadata of messages on ${protocol}`, { timeout: 60_000 }, () => {
    const opened = (peer: Notes, more = {}): Promise<Context> =>
      openContext({
        policy: policyOf({
          it: streamtype(protocol, peer, { ...transaction, ...more }),
          get: streamtype(protocol, peer, { ...transaction, http_method: 'GET' }),
          direct: streamtype(protocol, peer, {
            ...transaction,
            direct_proto_str: true,
            metadata: [{ path: '' }],
          }),
        }),
      })

    test('is what it was when each was sent', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      await using stream = context.stream('it')
      const sent = values.map((value) => {
        stream.setMetadata('path', value)
        stream.setMetadata('note', `note ${value}`)
        return stream.send(`body ${value}`)
      })
      stream.setMetadata('path', 'too-late')
      stream.setMetadata('note', 'too-late')
      await Promise.all(sent)
      const expected = values.map((value) => ({
        url: `/${value}`,
        note: `note ${value}`,
        body: `body ${value}`,
      }))
      assert.deepEqual(peer.seen, expected)
    })

    test('may be its own, and is then that of no other', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      await using stream = context.stream('it', { metadata: { path: 'all', note: 'all' } })
      const own = { path: 'own', type: 'text/x-own' }
      await Promise.all([stream.send('1', { metadata: own }), stream.send('2')])
      assert.deepEqual(peer.seen, [
        { url: '/own', type: 'text/x-own', note: 'all', body: '1' },
        { url: '/all', note: 'all', body: '2' },
      ])
      assert.throws(() => stream.send('x', { metadata: { nope: 'x' } }), {
        code: 'ERR_SS_UNKNOWN_METADATA',
      })
      assert.throws(() => stream.send('x', { metadata: { note: 'a\r\nb' } }), {
        code: 'ERR_INVALID_ARG_VALUE',
      })
    })

    test('is never what an answer set', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      await using stream = context.stream('it', { metadata: { path: 'p', note: 'mine' } })
      const metadata: unknown[] = []
      stream.on('message', (message) => metadata.push({ ...message.metadata }))
      for (let n = 0; n < 3; n++) {
        await stream.send('x')
        assert.equal(stream.getMetadata('type'), 'text/x-answer')
        assert.equal(stream.getMetadata('note'), 'heard')
      }
      const all = { path: 'p', type: 'text/x-answer', note: 'heard' }
      assert.deepEqual({ ...stream.metadata }, all)
      stream.setMetadata('note', 'mine again')
      assert.equal(stream.getMetadata('note'), 'mine again')
      await Promise.all([stream.send('x'), stream.send('x')])
      const said = (note: string) => ({ url: '/p', note, body: 'x' })
      assert.deepEqual(peer.seen, [
        ...Array.from({ length: 3 }, () => said('mine')),
        ...Array.from({ length: 2 }, () => said('mine again')),
      ])
      const answered = { type: 'text/x-answer', note: 'heard' }
      assert.deepEqual(
        metadata,
        Array.from({ length: 5 }, () => answered),
      )
    })

    test('is what connect() had, when it was called', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      await using stream = context.stream('get', { metadata: { path: 'first' } })
      for (const path of ['second', 'third']) {
        const connected = stream.connect()
        stream.setMetadata('path', path)
        await connected
        if (stream.state !== 'DISCONNECTED') await nextState(stream, 'DISCONNECTED')
      }
      assert.deepEqual(peer.seen, [
        { url: '/first', body: '' },
        { url: '/second', body: '' },
      ])
    })

    test('stays with it when it is tried again, whatever is said meanwhile', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      await using stream = context.stream('it', { metadata: { path: 'busy' } })
      const [first, unreachable] = [stream.send('1'), nextState(stream, 'UNREACHABLE')]
      stream.setMetadata('path', 'other')
      const second = stream.send('2', { metadata: { note: 'own' } })
      await unreachable
      stream.setMetadata('path', 'meanwhile')
      await Promise.all([first, second])
      assert.deepEqual(peer.seen, [
        { url: '/busy', body: '1' },
        { url: '/busy', body: '1' },
        { url: '/other', note: 'own', body: '2' },
      ])
    })

    test('stays with it when the policy changes before it leaves', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      await using stream = context.stream('it')
      const sent = values.map((value) => {
        stream.setMetadata('path', value)
        return stream.send('x', { metadata: { note: value } })
      })
      const metadata = [...transaction.metadata, { more: 'x-more:' }]
      await context.overlay({ s: [{ it: { http_url: '/new/${path}', metadata } }] })
      await Promise.all(sent)
      stream.setMetadata('more' as string, 'said')
      await stream.send('x')
      assert.deepEqual(
        peer.seen.map(({ url, note }) => `${url.split('/').at(-1)} ${note}`),
        [...values.map((value) => `${value} ${value}`), 'e undefined'],
      )
      assert.equal(peer.seen.at(-1)?.url, '/new/e')
    })

    test('chooses the server of each, where the endpoint is made of it', async () => {
      await using one = await startNotes(protocol)
      await using other = await startNotes(protocol)
      await using context = await openContext({
        policy: policyOf({
          it: streamtype(protocol, one, { endpoint: '${at}', metadata: [{ at: '' }] }),
        }),
      })
      const [first, second] = [one, other].map(({ port }) => `localhost:${port}`) as [
        string,
        string,
      ]
      await using stream = context.stream('it', { metadata: { at: first } })
      const sent = [stream.send('1'), stream.send('2', { metadata: { at: second } })]
      stream.setMetadata('at', second)
      sent.push(stream.send('3'))
      await Promise.all(sent)
      assert.deepEqual(
        [one, other].map(({ seen }) => seen.map(({ body }) => body)),
        [['1'], ['2', '3']],
      )
    })

    test('of headers by their names goes with it, too', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      await using stream = context.stream('direct', { metadata: { path: 'p' } })
      stream.setMetadata('X-Note:', 'first')
      const sent = [stream.send('1'), stream.send('2', { metadata: { 'Content-Type:': 'own' } })]
      stream.setMetadata('X-Note:', 'third')
      sent.push(stream.send('3'))
      await Promise.all(sent)
      await stream.send('4', { metadata: { 'X-Note:': 'fourth' } })
      assert.deepEqual(peer.seen, [
        { url: '/p', note: 'first', body: '1' },
        { url: '/p', type: 'own', note: 'first', body: '2' },
        { url: '/p', note: 'third', body: '3' },
        { url: '/p', note: 'fourth', body: '4' },
      ])
    })

    test('of a reply is what the answer set, and nothing that was sent', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      const metadata = { path: 'p', note: 'mine', secret: 'Bearer x' }
      const reply = await context.request('it', { metadata, body: 'x' })
      assert.deepEqual({ ...reply.metadata }, { type: 'text/x-answer', note: 'heard' })
      await reply.bytes()
      const direct = await context.request('direct', {
        metadata: { path: 'p', 'Authorization:': 'Bearer x', 'X-Sent:': 'it' },
        body: 'x',
      })
      assert.equal(direct.metadata['x-note:'], 'heard')
      for (const name of Object.keys(direct.metadata))
        assert.doesNotMatch(name, /^(authorization|x-sent|path)/i)
      await direct.bytes()
    })

    test('counts at once with handlers, and what an answer set is not sent there either', async () => {
      await using peer = await startNotes(protocol)
      await using context = await opened(peer)
      let connections = 0
      const stream = context.stream('get', {
        metadata: { path: 'first' },
        state(stream, state) {
          if (state === 'CREATING') {
            stream.requestTx()
            stream.setMetadata('path', 'second')
          }
          if (state === 'CONNECTED') {
            assert.equal(stream.getMetadata('type'), 'text/x-answer')
            assert.equal(stream.getMetadata('path'), connections++ === 0 ? 'second' : 'third')
            stream.setMetadata('path', 'third')
          }
          if (state === 'DISCONNECTED' && connections === 1) stream.requestTx()
          if (state === 'DISCONNECTED' && connections === 2) stream.destroy()
        },
      })
      await nextState(stream, 'DESTROYING')
      assert.deepEqual(peer.seen, [
        { url: '/second', body: '' },
        { url: '/third', body: '' },
      ])
    })
  })

test('a hundred streams of one context keep theirs apart', { timeout: 60_000 }, async () => {
  for (const [protocol, start] of [
    ['h1', startHttp1],
    ['h2', startHttp2],
  ] as const) {
    await using peer = await start()
    await using context = await openContext({
      policy: policyOf({
        it: streamtype(protocol, peer, {
          http_url: '/any/${path}',
          metadata: [{ path: '' }],
        }),
      }),
    })
    const sent = Array.from({ length: 100 }, async (_, n) => {
      await using stream = context.stream('it')
      await Promise.all(
        values.map((value) =>
          stream.send(`${n}/${value}`, { metadata: { path: `${n}/${value}` } }),
        ),
      )
    })
    await Promise.all(sent)
    assert.equal(peer.requests.length, 500)
    for (const { url, body } of peer.requests) assert.equal(url, `/any/${body}`)
  }
})

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the policy's own substitution
