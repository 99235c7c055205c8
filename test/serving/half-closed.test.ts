/** Clients that end their side of a connection when they have asked, and wait for the answer. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { SecureStream, ServeOptions } from 'lws-secure-streams'
import { findProgram } from '../peers/program.js'
import { connectTo, echo, serveRaw } from './servers.js'

const LENGTH = 4 * 1024 * 1024

/** What a client gets that asks, ends its side, and reads to the end. */
async function answerTo(options: ServeOptions, question: string): Promise<string> {
  await using served = await serveRaw(options)
  const client = await connectTo(served.server, { allowHalfOpen: true })
  client.socket.end(question)
  assert.equal(await client.closedByPeer(), false)
  assert.equal(served.server.clients.size, 0)
  return client.text
}

describe('a client that ends its side', { timeout: 60_000 }, () => {
  for (const question of ['', 'hello', 'x'.repeat(LENGTH)])
    test(`gets an answer by a listener, to ${question.length} bytes`, async () => {
      assert.equal(await answerTo(echo, question), question)
    })

  test('gets one by a loop that takes its time, and has a last word', async () => {
    const connection = async (stream: SecureStream) => {
      for await (const { data } of stream) {
        await wait(20)
        await stream.send(`${data} yourself`)
      }
      await stream.send(', and goodbye')
    }
    assert.equal(await answerTo({ connection }, 'hello'), 'hello yourself, and goodbye')
  })

  test('gets one by a duplex', async () => {
    const connection = (stream: SecureStream) => {
      const duplex = stream.duplex()
      duplex.pipe(duplex)
    }
    assert.equal(await answerTo({ connection }, 'hello'), 'hello')
  })

  test('gets one by handlers', async () => {
    const pieces: Buffer[] = []
    const options: ServeOptions = {
      rx(stream, data) {
        pieces.push(data)
        stream.requestTx()
      },
      tx(stream, { room }) {
        const piece = pieces.shift()
        if (!piece) return undefined
        if (piece.length > room) pieces.unshift(piece.subarray(room))
        if (pieces.length > 0) stream.requestTx()
        return { data: piece.subarray(0, room) }
      },
    }
    const question = 'x'.repeat(LENGTH)
    assert.equal(await answerTo(options, question), question)
  })

  test('gets what it does not have to ask for', async () => {
    const connection = (stream: SecureStream) => stream.send(Buffer.alloc(LENGTH, 'x'))
    assert.equal((await answerTo({ connection }, '')).length, LENGTH)
  })

  test('is gone when it has left, and what was to be sent rejects', async () => {
    const sent: Promise<unknown>[] = []
    const connection = (stream: SecureStream) => {
      stream.on('message', ({ data }) => sent.push(stream.send(data).catch((error) => error.code)))
    }
    await using served = await serveRaw({ connection })
    for (let n = 0; n < 20; n++) {
      const { socket } = await connectTo(served.server)
      // What is sent for the first part resets the connection, behind the second one and its end.
      socket.write('x'.repeat(60_000))
      await new Promise(setImmediate)
      socket.write('y'.repeat(90_000))
      socket.destroy()
    }
    while (served.server.stats.connections < 20) await new Promise(setImmediate)
    while (served.server.clients.size > 0) await new Promise(setImmediate)
    for (const outcome of await Promise.all(sent))
      assert.ok(outcome === undefined || outcome === 'ERR_SS_DISCONNECTED', `${outcome}`)
  })

  test('may be socat', async () => {
    await using served = await serveRaw()
    const output = await new Promise<string>((resolve) => {
      const address = `TCP:127.0.0.1:${served.server.port}`
      const socat = execFile(findProgram('socat'), ['-t', '10', '-', address], (_, out) =>
        resolve(out),
      )
      socat.stdin?.end('hello, server')
    })
    assert.equal(output, 'hello, server')
  })
})
