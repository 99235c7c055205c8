/** What `connection` may do, and how long servers and their clients keep a process running. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { fixtureReports, runFixture } from '../support/run-fixture.js'
import { connectTo, echo, serveRaw } from './servers.js'

describe('what connection() throws', { timeout: 60_000 }, () => {
  for (const how of ['throws', 'rejects', 'throws nothing'] as const)
    test(`is uncaught, and ends that client alone: it ${how}`, async () => {
      const [report] = (await fixtureReports('serve-failing', { argument: { how } })) as [
        { uncaught: string[]; first: boolean; second: string },
      ]
      assert.deepEqual(report, {
        uncaught: [how === 'throws nothing' ? 'undefined' : `Error: it ${how}`],
        first: true,
        second: 'served',
      })
    })
})

describe('a process', { timeout: 60_000 }, () => {
  test('goes on while a server listens, and ends when it is closed', async () => {
    const reports = await fixtureReports('serve-until', { argument: { how: 'close' } })
    assert.deepEqual(reports, ['listening', 'client gone', 'closed'])
  })

  test('ends while a server listens that was unref()ed', async () => {
    const reports = await fixtureReports('serve-until', { argument: { how: 'unref' } })
    assert.deepEqual(reports, ['listening'])
  })

  test('goes on while a client is there, although the server was unref()ed', async () => {
    const reports = await fixtureReports('serve-until', { argument: { how: 'client' } })
    assert.deepEqual(reports, ['listening', 'client gone'])
  })

  test('may end while it serves', async () => {
    const ended = await runFixture('serve-until', { argument: { how: 'exit' } })
    assert.deepEqual(
      [ended.code, ended.signal, ended.stderr, ended.reports],
      [7, null, '', ['listening']],
    )
  })
})

describe('workers', { timeout: 60_000 }, () => {
  test('serve, and may be terminated while they do', async () => {
    const script = `
      const { parentPort } = require('node:worker_threads')
      import('lws-secure-streams').then(async ({ openContext }) => {
        const policy = { s: [{ served: { server: true, protocol: 'raw', endpoint: '127.0.0.1', port: 0 } }] }
        const context = await openContext({ policy })
        const server = await context.serve('served', {
          connection: (stream) => stream.on('message', ({ data }) => stream.send(data)),
        })
        parentPort.postMessage(server.port)
      })`
    for (let round = 0; round < 5; round++) {
      const workers = [0, 1].map(() => {
        const worker = new Worker(script, { eval: true })
        return { worker, listening: once(worker, 'message') as Promise<[number]> }
      })
      for (const { worker, listening } of workers) {
        const [port] = await listening
        const client = await connectTo({ port, address: '127.0.0.1' })
        assert.equal(await client.echoes('by a worker'), 'by a worker')
        client.socket.write('x'.repeat(1_000_000))
        const ended = worker.terminate()
        await client.closed
        await ended
      }
    }
  })
})

describe('a client that ends at once', { timeout: 60_000 }, () => {
  test('leaves no server behind that has ended meanwhile', async () => {
    await using served = await serveRaw(echo)
    const socket = net.connect(served.server.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.resetAndDestroy()
    await served.server.close()
    assert.equal(served.server.stats.clients, 0)
  })
})
