/** Policies that change while servers serve. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { describe, test } from 'node:test'
import type { SecureStream, ServeOptions } from 'lws-secure-streams'
import WebSocket from 'ws'
import { connectTo, echo, rawServer, serveHttp, serveRaw } from './servers.js'

describe('a policy that changes while a server serves', { timeout: 60_000 }, () => {
  test('keeps it: who comes goes by the new one, who is there by the old', async () => {
    const streams: SecureStream[] = []
    await using served = await serveRaw(
      {
        connection(stream) {
          streams.push(stream)
          return echo.connection?.(stream)
        },
      },
      { metadata: [{ before: '' }] },
    )
    const before = await connectTo(served.server)
    await before.echoes('before')
    await served.context.overlay({ s: [{ served: { metadata: [{ after: '' }], port: 1 } }] })
    const after = await connectTo(served.server)
    assert.equal(await after.echoes('after'), 'after')
    assert.equal(await before.echoes(' and after'), ' and after')

    const [old, young] = streams
    assert.ok(old && young)
    old.setMetadata('before', 'x')
    assert.equal(old.getMetadata('before'), 'x')
    assert.throws(() => old.setMetadata('after', 'x'), { code: 'ERR_SS_UNKNOWN_METADATA' })
    young.setMetadata('after', 'y')
    assert.equal(young.getMetadata('after'), 'y')
  })

  test('ends it in an orderly way when it has another protocol for it', async () => {
    await using served = await serveRaw()
    const client = await connectTo(served.server)
    const lines: string[] = []
    served.context.on('log', ({ text }) => lines.push(text))
    await client.echoes('there')
    const [stream] = served.server.clients
    const length = 4 * 1024 * 1024
    const sent = stream?.send(Buffer.alloc(length))
    await served.context.overlay({ s: [{ served: { protocol: 'h1' } }] })
    await sent
    await client.receives(length)
    await client.closed
    await served.server.close()
    assert.match(lines.join('\n'), /'served' is served no more/)
    await assert.rejects(connectTo(served.server), { code: 'ECONNREFUSED' })
  })

  test('keeps a server of http, with those who are there, on ws as well', async () => {
    const options: ServeOptions = {
      transaction: (txn) => txn.ack().end(Object.keys(txn.metadata).join()),
      upgrade: (stream) => {
        stream.on('message', ({ data }) => {
          stream.send(data).catch(() => {})
        })
      },
    }
    const more = (agent: string) => ({
      metadata: [{ [agent]: 'user-agent:' }],
      ws_subprotocol: 'chat',
    })
    await using served = await serveHttp(options, more('old'))
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const ask = async (by: http.Agent | false) => {
      const request = http.get(served.url, { agent: by, headers: { 'user-agent': 'x' } })
      const [response] = await once(request, 'response')
      return String(Buffer.concat(await response.toArray()))
    }
    assert.equal(await ask(agent), 'old')
    const socket = new WebSocket(served.url.replace('http', 'ws'), 'chat')
    await once(socket, 'open')

    await served.context.overlay({ s: [{ served: more('young') }] })
    assert.equal(await ask(false), 'old,young')
    assert.equal(await ask(agent), 'old')
    socket.send('still there')
    const [data] = await once(socket, 'message')
    assert.equal(String(data), 'still there')

    const closed = once(socket, 'close')
    await served.context.overlay({ s: [{ served: { protocol: 'raw' } }] })
    assert.equal((await closed)[0], 1001)
    await served.server.close()
    await assert.rejects(ask(false), { code: 'ECONNREFUSED' })
    agent.destroy()
  })

  test('comes again and again', async () => {
    await using served = await serveRaw()
    for (let n = 0; n < 50; n++) {
      const changed = served.context.overlay({ s: [{ served: { metadata: [{ [`m${n}`]: '' }] } }] })
      const client = await connectTo(served.server)
      assert.equal(await client.echoes('hello'), 'hello')
      client.socket.destroy()
      await changed
    }
    await served.context.overlay({ s: [{ other: rawServer() }] })
    const other = await served.context.serve('other', echo)
    assert.equal(await (await connectTo(other)).echoes('x'), 'x')
  })
})
