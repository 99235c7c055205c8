/** Clients that mean no good, or go wrong: the server goes on, and takes no more than it should. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'
import tls from 'node:tls'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority } from '../peers/index.js'
import { fixtureReports } from '../support/run-fixture.js'
import { connectTo, echo, rawServer, serveHttp, serveRaw } from './servers.js'
import { handshake } from './ws-peer.js'

const PROTOCOL = 'Sec-WebSocket-Protocol: chat'
const sanitized = process.env.ASAN_OPTIONS !== undefined

describe('a raw server goes on', { timeout: 100_000 }, () => {
  test('after 1,000 clients that reset', async () => {
    await using served = await serveRaw()
    for (let round = 0; round < 20; round++)
      await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const { socket } = await connectTo(served.server)
          if (n % 2) socket.write('something')
          socket.resetAndDestroy()
        }),
      )
    const client = await connectTo(served.server)
    assert.equal(await client.echoes('after them'), 'after them')
    assert.equal(served.server.clients.size, 1)
  })

  test('while a client does not read what all are sent', async () => {
    await using served = await serveRaw()
    const readers = await Promise.all([1, 2, 3].map(() => connectTo(served.server)))
    const lazy = await connectTo(served.server)
    await Promise.all([...readers, lazy].map((client) => client.echoes('here')))
    lazy.socket.pause()
    const piece = Buffer.alloc(64 * 1024, 'x')
    let bytes = 4
    let stuck = 0
    // What its socket does not take is given up after a while, unless it has begun to leave.
    for (let n = 0; n < 1000 && stuck < 5; n++) {
      const signal = AbortSignal.timeout(200)
      await served.server.broadcast(piece, { signal })
      bytes += piece.length
      await Promise.all(readers.map((client) => client.receives(bytes)))
      if (signal.aborted) stuck++
    }
    assert.equal(stuck, 5, 'the socket took all of it')
    lazy.socket.resume()
    await served.server.close()
    await lazy.closed
    assert.ok(lazy.text.length < bytes)
  })

  test('while clients of TLS say nothing, which end in time', async () => {
    const authority = await CertificateAuthority.create()
    const site = await authority.issue()
    await using context = await openContext({
      policy: { s: [{ served: rawServer({ tls: true, server_cert: 'site' }) }] },
      blobs: { serverCert: [{ name: 'site', ...site }] },
    })
    const server = await context.serve('served', echo)
    const began = Date.now()
    const silent = await Promise.all(Array.from({ length: 100 }, () => connectTo(server)))
    const half = await connectTo(server)
    half.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
    const socket = tls.connect({ port: server.port, ca: authority.pem, servername: 'localhost' })
    socket.write('others')
    const [data] = (await once(socket, 'data')) as [Buffer]
    assert.equal(String(data), 'others')
    assert.deepEqual(server.stats, { clients: 1, connections: 1 })
    const late = tls.connect({ port: server.port, ca: authority.pem, servername: 'localhost' })
    await once(late, 'secureConnect')
    await Promise.all([...silent, half].map(({ closed }) => closed))
    const took = Date.now() - began
    assert.ok(took > 10_000 && took < 25_000, `${took} ms`)
    // Who has shaken hands may be silent for longer.
    socket.write(' and on')
    const [more] = (await once(socket, 'data')) as [Buffer]
    assert.equal(String(more), ' and on')
    late.write('at last')
    const [first] = (await once(late, 'data')) as [Buffer]
    assert.equal(String(first), 'at last')
    late.destroy()
    socket.destroy()
  })

  test('without descriptors for more, and does not spin', {
    skip:
      (process.platform === 'win32' && 'has no such limit') ||
      // They look with a pipe at whether memory can be read, and take it for garbage without one.
      (process.env.ASAN_OPTIONS !== undefined && 'the sanitizers need descriptors'),
  }, async () => {
    const fixture = path.join(__dirname, '..', 'process', 'fixtures', 'serve-few.mjs')
    const child = spawn('/bin/sh', ['-c', `ulimit -n 64; exec ${process.execPath} ${fixture}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async () => JSON.parse((await lines.next()).value as string)
    const { port } = await next()
    const sockets = Array.from({ length: 100 }, () =>
      net.connect(port, '127.0.0.1').on('error', () => {}),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const { cpu, clients } = await next()
    assert.ok(clients > 10 && clients < 64, `${clients} clients`)
    assert.ok(sanitized || cpu < 0.5, `it used ${cpu} of the processor`)
    for (const socket of sockets) socket.destroy()
    const client = await connectTo({ port, address: '127.0.0.1' })
    assert.equal(await client.echoes('room again'), 'room again')
    client.socket.destroy()
    child.stdin.end()
    const [code] = await once(child, 'close')
    assert.equal(code, 0)
  })

  test('after 10,000 clients, and has kept nothing of them', () =>
    keepsNothing('raw', { rounds: 5, perRound: sanitized ? 200 : 2000 }))
})

async function keepsNothing(
  protocol: 'raw' | 'h1' | 'ws',
  { rounds, perRound }: { rounds: number; perRound: number },
): Promise<void> {
  const reports = (await fixtureReports('serve-churn', {
    argument: { rounds, perRound, protocol },
    // Where young objects are, V8 would take more when it likes.
    flags: ['--expose-gc', '--max-semi-space-size=1'],
  })) as { handles: number; descriptors: number; kilobytes: number; connections: number }[]
  const [, first, ...later] = reports
  const last = later.at(-1)
  assert.ok(first && last)
  const all = rounds * perRound
  assert.ok(last.connections >= all * 0.74 && last.connections <= all, `${last.connections}`)
  assert.deepEqual(
    later.map(({ descriptors }) => descriptors),
    later.map(() => first.descriptors),
  )
  assert.ok(last.handles - first.handles < 5, `${first.handles} handles, now ${last.handles}`)
  const grown = last.kilobytes - first.kilobytes
  if (!sanitized) assert.ok(grown < 6000, `memory grew by ${grown} kB`)
}

describe('a server of h1 goes on', { timeout: 100_000 }, () => {
  for (const protocol of ['h1', 'ws'] as const)
    test(`after 5,000 clients of ${protocol}, and has kept nothing of them`, () =>
      keepsNothing(protocol, { rounds: 5, perRound: sanitized ? 200 : 1000 }))

  for (const protocol of ['h1', 'ws'] as const)
    test(`beside thousands of idle clients of ${protocol}, each of which takes little`, {
      skip: process.platform === 'win32' && 'has no such limit',
    }, async () => {
      const fixture = path.join(__dirname, '..', 'process', 'fixtures', 'serve-idle.mjs')
      const child = spawn(process.execPath, ['--expose-gc', fixture], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      after(() => child.kill())
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const next = async () => JSON.parse((await lines.next()).value as string)
      const { port, descriptors } = await next()
      const most = sanitized ? 500 : protocol === 'h1' ? 10_000 : 2000
      const count = Math.min(most, descriptors - 200)
      const says = protocol === 'h1' ? 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' : handshake(PROTOCOL)
      const connect = async () => {
        const socket = net.connect(port, '127.0.0.1')
        socket.write(says)
        await once(socket, 'data')
        return socket
      }
      const before = await asked(child, next)
      const sockets: net.Socket[] = []
      while (sockets.length < count)
        sockets.push(...(await Promise.all(Array.from({ length: 50 }, connect))))
      const later = await asked(child, next)
      assert.equal(later.clients, sockets.length)
      const each = (later.bytes - before.bytes) / sockets.length
      if (!sanitized) assert.ok(each < 32_768, `${each} bytes for each of ${sockets.length}`)
      const response = await fetch(`http://127.0.0.1:${port}/`)
      assert.equal(await response.text(), 'page')
      for (const socket of sockets) socket.destroy()
      child.stdin.end()
      const [code] = await once(child, 'close')
      assert.equal(code, 0)
    })

  test('without the rest of a request whose client has ended its side', async () => {
    await using site = await serveHttp({ transaction: (txn) => txn.ack().end() })
    for (const begun of ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: a\r\n']) {
      const socket = net.connect({ port: site.server.port, host: '127.0.0.1' })
      socket.end(begun)
      await once(socket.resume(), 'close')
    }
    assert.equal((await fetch(site.url)).status, 200)
  })

  test('while a client asks for more and more, and reads nothing', async () => {
    let asked = 0
    await using site = await serveHttp({
      transaction: (txn) => {
        asked++
        return txn.ack().end(Buffer.alloc(100_000, 'x'))
      },
    })
    const socket = net.connect({ port: site.server.port, host: '127.0.0.1' })
    socket.pause()
    const some = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000)
    let took = 0
    for (;;) {
      took += 1000
      if (socket.write(some)) continue
      const signal = AbortSignal.timeout(1000)
      await once(socket, 'drain', { signal }).catch(() => {})
      if (signal.aborted) break
    }
    const answered = asked
    // That is what is in the buffers of the system, and one more.
    assert.ok(answered < 200 && answered < took, `${answered} of ${took} requests`)
    assert.equal((await fetch(site.url)).status, 200)
    socket.resume()
    while (asked < answered + 100) await once(socket, 'data')
    socket.destroy()
  })

  test('while bodies in tiny chunks are not read', async () => {
    await using site = await serveHttp({
      transaction: (txn) => {
        if (txn.url === '/next') txn.ack().end()
      },
    })
    const socket = net.connect({ port: site.server.port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    const before = process.memoryUsage().rss
    const some = '1\r\nx\r\n'.repeat(20_000)
    for (let n = 0; n < 300; n++) {
      if (socket.write(some)) continue
      const signal = AbortSignal.timeout(1000)
      await once(socket, 'drain', { signal }).catch(() => {})
      if (signal.aborted) break
    }
    assert.ok(socket.writableLength > 0, 'the server took all of it')
    const grown = process.memoryUsage().rss - before
    if (!sanitized) assert.ok(grown < 40_000_000, `memory grew by ${grown}`)
    assert.equal((await fetch(`${site.url}/next`)).status, 200)
    socket.destroy()
  })
})

interface IdleReport {
  clients: number
  bytes: number
}

/** What the fixture says when it is asked for its memory. */
async function asked(child: ChildProcess, next: () => Promise<IdleReport>): Promise<IdleReport> {
  child.stdin?.write('?')
  return next()
}
