/** Clients of h1 that end their side when they have asked, as `nc -N` does, and those that leave, which looks the same. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Server, Transaction } from 'lws-secure-streams'
import { serveHttp } from './servers.js'

const PAGE = Buffer.alloc(3_000_000, 'all work and no play ')
const PIECE = 10_000

/** Longer than a client is waited for that has ended its side and is sent nothing. */
const PAUSE = 6000

function ask({ port }: Server): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  return socket
}

async function bodyFrom(socket: net.Socket): Promise<Buffer> {
  const response = Buffer.concat(await socket.toArray())
  return response.subarray(response.indexOf('\r\n\r\n') + 4)
}

function* piecesOf(page: Buffer): Generator<Buffer> {
  for (let at = 0; at < page.length; at += PIECE) yield page.subarray(at, at + PIECE)
}

const withItsLength = (txn: Transaction) =>
  txn.ack(undefined, { headers: { 'content-length': `${PAGE.length}` } })

const ways: Record<string, (txn: Transaction) => Promise<void>> = {
  'in one': (txn) => txn.ack().end(PAGE),
  'in parts, one by one': async (txn) => {
    withItsLength(txn)
    for (const piece of piecesOf(PAGE)) await txn.write(piece)
    await txn.end()
  },
  'in parts, at once': (txn) => {
    withItsLength(txn)
    for (const piece of piecesOf(PAGE)) txn.write(piece)
    return txn.end()
  },
  'with a pause': async (txn) => {
    withItsLength(txn)
    await txn.write(PAGE.subarray(0, PIECE))
    await wait(2000)
    await txn.end(PAGE.subarray(PIECE))
  },
}

describe('a client of h1 that ends its side', { timeout: 60_000, concurrency: true }, () => {
  for (const [name, transaction] of Object.entries(ways))
    for (const when of ['before the response', 'amid the response'])
      test(`${when} gets all of it ${name}`, async () => {
        await using site = await serveHttp({ transaction })
        const socket = ask(site.server)
        if (when === 'amid the response') await once(socket, 'readable')
        socket.end()
        assert.ok(PAGE.equals(await bodyFrom(socket)))
      })

  test('may take its time to read', async () => {
    await using site = await serveHttp({ transaction: (txn) => txn.ack().end(PAGE) })
    const socket = ask(site.server)
    socket.end()
    await once(socket, 'readable')
    await wait(PAUSE)
    assert.ok(PAGE.equals(await bodyFrom(socket)))
  })
})

describe('a client of h1 that leaves', { timeout: 60_000, concurrency: true }, () => {
  const ended = (site: Server, transaction: Promise<Transaction>) =>
    transaction.then(async ({ request: { signal } }) => {
      if (!signal.aborted) await once(signal, 'abort')
      assert.equal(signal.reason.code, 'ERR_SS_DISCONNECTED')
      assert.equal(site.clients.size, 0)
    })

  for (const [name, begin] of [
    ['before the response, is gone after a while', () => {}],
    ['amid a response that pauses, is gone soon', (txn: Transaction) => txn.write('begun')],
  ] as const)
    test(name, async () => {
      let come = (_: Transaction) => {}
      const transaction = new Promise<Transaction>((resolve) => {
        come = resolve
      })
      await using site = await serveHttp({
        async transaction(txn) {
          await begin(txn)
          come(txn)
        },
      })
      const socket = ask(site.server)
      await transaction
      // What it has not read would reset the connection.
      socket.resume()
      await once(socket.end(), 'finish')
      socket.destroy()
      await ended(site.server, transaction)
    })
})
