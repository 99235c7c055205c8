/** Where servers listen: interfaces, addresses, and ports that they share. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { connectTo, echo, rawServer, servedPolicy, serveRaw } from './servers.js'

const hasIPv6 =
  !existsSync('/proc/net/if_inet6') || readFileSync('/proc/net/if_inet6', 'utf8') !== ''
const needsIPv6 = { skip: !hasIPv6 && 'there is no IPv6 here' }

describe('a server listens', { timeout: 60_000 }, () => {
  test('everywhere without an endpoint', needsIPv6, async () => {
    await using served = await serveRaw(echo, { endpoint: '' })
    assert.equal(served.server.address, '::')
    for (const host of ['127.0.0.1', '::1']) {
      const client = await connectTo({ port: served.server.port, address: host })
      assert.equal(await client.echoes(host), host)
    }
  })

  for (const endpoint of ['127.0.0.1', '::1', '127.0.0.2'])
    test(`at ${endpoint} alone`, { skip: endpoint === '::1' && needsIPv6.skip }, async () => {
      await using served = await serveRaw(echo, { endpoint })
      assert.equal(served.server.address, endpoint)
      const client = await connectTo(served.server)
      assert.equal(await client.echoes('hello'), 'hello')
      const [stream] = served.server.clients
      assert.equal(stream?.remoteAddress, endpoint === '127.0.0.2' ? '127.0.0.1' : endpoint)
      const other = endpoint === '127.0.0.1' ? '127.0.0.2' : '127.0.0.1'
      await assert.rejects(connectTo({ port: served.server.port, address: other }), {
        code: 'ECONNREFUSED',
      })
    })

  test('at an interface, with all kinds of addresses that it has', {
    skip: process.platform !== 'linux' && 'it has another name',
  }, async () => {
    await using served = await serveRaw(echo, { endpoint: 'lo' })
    assert.equal(served.server.address, '127.0.0.1')
    for (const host of hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
      const client = await connectTo({ port: served.server.port, address: host })
      assert.equal(await client.echoes(host), host)
    }
  })

  test('on a port that several share, when all say so', {
    skip: process.platform !== 'linux' && 'the system gives clients to one alone',
  }, async () => {
    await using first = await serveRaw({ ...echo, reusePort: true })
    const { port } = first.server
    const policy = servedPolicy({ served: rawServer({ port }) })
    await using context = await openContext({ policy })
    await assert.rejects(context.serve('served', echo), { code: 'ERR_SS_LISTEN' })
    const second = await context.serve('served', { ...echo, reusePort: true })
    assert.equal(second.port, port)
    const clients = await Promise.all(Array.from({ length: 64 }, () => connectTo(second)))
    await Promise.all(clients.map((client) => client.echoes('shared')))
    const counts = [first.server, second].map(({ stats }) => stats.connections)
    assert.equal((counts[0] as number) + (counts[1] as number), 64)
    assert.ok(
      counts.every((count) => count > 0),
      `${counts}`,
    )
  })

  test('and others in the same context, with clients of ours', async () => {
    const context = await openContext({
      policy: servedPolicy({ one: rawServer(), two: rawServer() }),
    })
    const one = await context.serve('one', echo)
    const two = await context.serve('two', {
      connection: (stream) => stream.send('I am two'),
    })
    await context.overlay({
      s: [
        { to_one: { protocol: 'raw', endpoint: '127.0.0.1', port: one.port } },
        { to_two: { protocol: 'raw', endpoint: '127.0.0.1', port: two.port } },
      ],
    })
    await using stream = context.stream('to_one')
    await stream.send('ours')
    const { value } = await stream[Symbol.asyncIterator]().next()
    assert.equal(value?.text(), 'ours')
    assert.equal(stream.remotePort, one.port)
    await using other = context.stream('to_two')
    const answer = await other[Symbol.asyncIterator]().next()
    assert.equal(answer.value?.text(), 'I am two')
    await two.close()
    await stream.send('still')
    await context.close()
  })
})
