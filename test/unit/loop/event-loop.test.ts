// The event loop by itself: plain sockets, and a function in the place of lws.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { addon, type Listener, type Socket, type TestLoop } from './addon.js'
import { nextRound, quiet, until } from './rounds.js'

const { pair, connect, read, write, shutdown, reset, close } = addon

let loop: TestLoop
let peers: Socket[] = []

/** A loop that serves its sockets as `service` says, and what it has served. */
function start(listener: Partial<Listener> = {}): string[] {
  const served: string[] = []
  loop = new addon.TestLoop({
    ...listener,
    service(socket, readable, writable) {
      served.push(`${readable ? 'r' : ''}${writable ? 'w' : ''}`)
      listener.service?.(socket, readable, writable)
    },
  })
  return served
}

/** A socket that the loop has, as one that was accepted, and its peer. */
function adopted(): [Socket, Socket] {
  const [one, peer] = pair()
  peers.push(peer)
  assert.ok(loop.adopt(one))
  return [one, peer]
}

/** Such a socket that takes no more, for which the loop has asked for a turn to write. */
function choked(): [Socket, Socket] {
  const [socket, peer] = adopted()
  loop.want(socket, 'read', false)
  while (write(socket, 65536) !== 'again');
  loop.setBuffered(socket, true)
  loop.want(socket, 'write', true)
  return [socket, peer]
}

/** Closes the peer of a socket by itself, which `afterEach` then need not. */
function without(peer: Socket): Socket {
  peers = peers.filter((other) => other !== peer)
  return peer
}

/** Nothing is left to do: the loop has no turn until something happens. */
async function rest(): Promise<void> {
  await quiet()
  const { turns } = loop.counts()
  await quiet()
  assert.equal(loop.counts().turns, turns)
}

async function closeLoop(): Promise<void> {
  loop.close()
  await quiet()
}

describe('the event loop', { timeout: 60_000 }, () => {
  afterEach(async () => {
    await closeLoop()
    for (const peer of peers.splice(0)) close(peer)
  })

  test('polls for reading once', async () => {
    let bytes = 0
    const served = start({
      service(socket) {
        bytes += Number(read(socket))
      },
    })
    const [, peer] = adopted()
    const before = loop.counts().pollStarts
    for (let n = 1; n <= 10; n++) {
      write(peer, 10)
      await until(() => bytes === n * 10)
    }
    assert.equal(loop.counts().pollStarts - before, 1)
    assert.deepEqual(served, Array(10).fill('r'))
  })

  test('tells the system only what lws has decided in the end', async () => {
    const served = start({ service: (socket) => read(socket) })
    const [socket, peer] = adopted()
    await quiet()
    const before = loop.counts().pollStarts
    loop.want(socket, 'read', false)
    loop.want(socket, 'read', true)
    await quiet()
    assert.equal(loop.counts().pollStarts - before, 0)

    loop.want(socket, 'read', false)
    write(peer, 10)
    await quiet()
    assert.deepEqual(served, [])
    loop.want(socket, 'read', true)
    await until(() => served.length === 1)
    assert.equal(loop.counts().pollStarts - before, 1)
  })

  test('writes before it blocks, and without polling', async () => {
    let rest = 5
    const served = start({
      service(socket) {
        write(socket, 10)
        if (--rest > 0) loop.want(socket, 'write', true)
      },
    })
    const [socket, peer] = adopted()
    await quiet()
    const before = loop.counts().pollStarts
    loop.want(socket, 'write', true)
    assert.deepEqual(served, [])
    await nextRound()
    assert.deepEqual(served, Array(5).fill('w'))
    assert.equal(read(peer), 50)
    await quiet()
    assert.equal(loop.counts().pollStarts - before, 0)
  })

  test('polls for writing while the socket takes no more', async () => {
    const served = start()
    const [socket, peer] = choked()
    await quiet()
    assert.deepEqual(served, [])
    await until(() => read(peer) === 'again')
    await until(() => served.length > 0)
    loop.setBuffered(socket, false)
    await quiet()
    assert.deepEqual(served, ['w'])
    await rest()
  })

  test('serves the others while one has always something to write', async (t) => {
    let busy = 0
    const heard = new Map<Socket, number>()
    start({
      service(socket, readable) {
        if (socket === talker) {
          busy++
          if (write(socket, 1000) === 'again') loop.setBuffered(socket, true)
          else loop.setBuffered(socket, false)
          if (heard.size < others.length) loop.want(socket, 'write', true)
        } else if (readable) {
          read(socket)
          heard.set(socket, busy)
        }
      },
    })
    const [talker, listener] = adopted()
    const others = Array.from({ length: 20 }, adopted)
    const draining = setInterval(() => read(listener))
    t.after(() => clearInterval(draining))
    loop.want(talker, 'write', true)
    let most = 0
    let before = 0
    await until(() => {
      most = Math.max(most, busy - before)
      before = busy
      return busy >= 10 * 64
    })
    assert.ok(most <= 2 * 64, `${most} writes in one round`)
    for (const [, peer] of others) write(peer, 10)
    await until(() => heard.size === others.length)
    // One round of 64 may be under way, and one may follow for each time that sockets are polled.
    const longest = Math.max(...heard.values()) - before
    assert.ok(longest <= 4 * 64, `${longest} writes came first`)
  })

  test('serves the others while one has always something to read', async () => {
    let busy = 0
    const heard = new Map<Socket, number>()
    start({
      service(socket) {
        read(socket)
        if (socket === flooded) {
          busy++
          write(flood, 1000)
        } else {
          heard.set(socket, busy)
        }
      },
    })
    const [flooded, flood] = adopted()
    const others = Array.from({ length: 20 }, adopted)
    write(flood, 1000)
    await until(() => busy >= 10)
    const before = busy
    for (const [, peer] of others) write(peer, 10)
    await until(() => heard.size === others.length)
    const longest = Math.max(...heard.values()) - before
    assert.ok(longest <= 64, `${longest} reads came first`)
    loop.closeSocket(flooded)
  })

  test('leaves lws in between when a socket can be read over and over again', async () => {
    const order: string[] = []
    start({
      service(socket) {
        read(socket)
        order.push('served')
      },
      left: () => order.push('left'),
    })
    const [socket, peer] = adopted()
    loop.setReadAhead(socket, 1000)
    await quiet()
    order.length = 0
    write(peer, 10)
    await until(() => order.includes('left'))
    assert.equal(order.indexOf('left'), 16)
  })

  test('reads the end of a half-closed connection, on which it still writes', async () => {
    const reads: unknown[] = []
    const served = start({
      service(socket, readable, writable) {
        if (readable) reads.push(read(socket))
        if (reads.at(-1) === 0) loop.want(socket, 'read', false)
        if (writable) write(socket, 7)
      },
    })
    const [socket, peer] = adopted()
    write(peer, 5)
    shutdown(peer)
    await until(() => reads.at(-1) === 0)
    assert.deepEqual(reads, [5, 0])
    const before = served.length
    await quiet()
    assert.equal(served.length, before)
    loop.want(socket, 'write', true)
    await until(() => served.length > before)
    assert.deepEqual(served.slice(before), ['w'])
    assert.equal(read(peer), 7)
  })

  test('reads the end of an accepted socket that is reset before its first byte', async () => {
    const reads: unknown[] = []
    const served = start({
      service(socket, readable) {
        if (readable) reads.push(read(socket))
        loop.closeSocket(socket)
      },
    })
    const [, peer] = adopted()
    reset(without(peer))
    await until(() => served.length > 0)
    await quiet()
    assert.deepEqual(served, ['r'])
    assert.deepEqual(reads, ['reset'])
  })

  test('has a reset connection read until lws closes it', async () => {
    const served = start({
      service(socket) {
        if (served.length === 2) loop.closeSocket(socket)
      },
    })
    const [, peer] = adopted()
    reset(without(peer))
    await until(() => served.length === 2)
    await rest()
    assert.deepEqual(served, ['r', 'r'])
  })

  test('leaves a reset connection alone while nobody reads it', async () => {
    const reads: unknown[] = []
    const served = start({
      service(socket) {
        reads.push(read(socket))
        loop.closeSocket(socket)
      },
    })
    const [socket, peer] = adopted()
    loop.want(socket, 'read', false)
    reset(without(peer))
    await quiet()
    assert.deepEqual(served, [])
    loop.want(socket, 'read', true)
    await until(() => served.length > 0)
    assert.deepEqual(reads, ['reset'])
  })

  test('gives up a reset connection that nobody reads, and that has more to write', async () => {
    const lost: Socket[] = []
    const served = start({
      service: (socket) => loop.want(socket, 'write', true),
      lost: (socket) => lost.push(socket),
    })
    const [socket, peer] = choked()
    await quiet()
    assert.deepEqual([served, lost], [[], []])
    reset(without(peer))
    await until(() => lost.length > 0)
    await rest()
    assert.deepEqual(lost, [socket])
    loop.closeSocket(socket)
    const before = served.length
    await quiet()
    assert.equal(served.length, before)
  })

  test('polls a socket that connects, and then writes without', async (t) => {
    const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const served = start({ service: (socket) => write(socket, 10) })
    const socket = connect((server.address() as net.AddressInfo).port)
    loop.adopt(socket, true)
    loop.want(socket, 'write', true)
    assert.deepEqual(served, [])
    await until(() => served.length > 0)
    await quiet()
    assert.deepEqual(served, ['w'])
    const before = loop.counts().pollStarts
    loop.want(socket, 'write', true)
    await nextRound()
    assert.deepEqual(served, ['w', 'w'])
    await quiet()
    assert.equal(loop.counts().pollStarts, before)
    await rest()
    loop.closeSocket(socket)
  })

  test('tells of a connection that is refused', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    server.close()
    await once(server, 'close')
    const reads: unknown[] = []
    const served = start({
      service(socket) {
        reads.push(read(socket))
        loop.closeSocket(socket)
      },
    })
    const socket = connect(port)
    loop.adopt(socket, true)
    loop.want(socket, 'write', true)
    await until(() => served.length > 0)
    await quiet()
    assert.deepEqual(served, ['w'])
    assert.deepEqual(reads, ['reset'])
  })

  test('a socket that gets the number of another does not get its turn to write', async () => {
    const served = start()
    const [socket, peer] = adopted()
    await quiet()
    loop.want(socket, 'write', true)
    loop.closeSocket(socket)
    const [next, nextPeer] = pair()
    peers.push(nextPeer)
    assert.equal(next, socket)
    // It connects, as far as the loop knows, and cannot be written to.
    while (write(next, 65536) !== 'again');
    assert.ok(loop.adopt(next, true))
    loop.want(next, 'write', true)
    await quiet()
    assert.deepEqual(served, [])
    assert.equal(read(peer), 0)
  })

  test('a socket is watched that gets the number of one which was closed without a word', async () => {
    const served = start({ service: (socket) => read(socket) })
    const [socket] = adopted()
    await quiet()
    close(socket)
    const [next, nextPeer] = adopted()
    assert.equal(next, socket)
    write(nextPeer, 10)
    await until(() => served.length > 0)
    assert.deepEqual(served.slice(0, 1), ['r'])
  })

  test('closes with sockets that it still has, and serves none of them again', async () => {
    let closed = 0
    const served = start({ closed: () => void closed++ })
    const sockets = Array.from({ length: 10 }, adopted)
    await quiet()
    for (const [socket, peer] of sockets) {
      loop.want(socket, 'write', true)
      write(peer, 10)
    }
    loop.setTimer(1)
    loop.close()
    await until(() => closed > 0)
    await quiet()
    assert.equal(closed, 1)
    assert.deepEqual(served, [])
    start()
  })
})
