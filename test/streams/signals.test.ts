import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type Reply } from 'lws-secure-streams'
import { type RawPeer, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

type Iteration = AsyncIterable<unknown>

async function readOn(iteration: Iteration): Promise<void> {
  for await (const _ of iteration);
}

/** What can be waited for, on a peer that says nothing, and what gives it up. */
const waits: Record<string, (context: Context, signal: AbortSignal) => Promise<unknown>> = {
  'send() by its own': async (context, signal) => {
    const stream = context.stream('silent')
    await stream.send('x', { signal }).finally(() => stream.destroy())
  },
  "send() by its stream's": (context, signal) => context.stream('silent', { signal }).send('x'),
  'connect()': (context, signal) => context.stream('silent', { signal }).connect(),
  'for await': (context, signal) => readOn(context.stream('silent', { signal })),
  'chunks()': (context, signal) => readOn(context.stream('silent', { signal }).chunks()),
  'duplex()': (context, signal) => readOn(context.stream('silent', { signal }).duplex()),
  'request()': (context, signal) => context.request('mute', { signal }),
  'request() with a body': (context, signal) => context.request('mute', { signal, body: 'x' }),
}

/** What can be waited for of a reply that never ends. */
const reads: Record<string, (reply: Reply) => Promise<unknown>> = {
  'bytes()': (reply) => reply.bytes(),
  'text()': (reply) => reply.text(),
  'json()': (reply) => reply.json(),
  body: (reply) => readOn(reply.body),
}

const error = new Error('enough')
const reasons: Record<string, unknown> = { 'an Error': error, text: 'enough', null: null, '0': 0 }

describe('what a signal ends', { timeout: 60_000 }, () => {
  let silent: RawPeer
  let stalling: RawPeer
  let policy: ReturnType<typeof policyOf>
  let context: Context
  before(async () => {
    silent = await startRaw({ accept: (socket) => socket.resume() })
    stalling = await startRaw({
      accept: (socket) =>
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')),
    })
    policy = policyOf({
      silent: streamtype('ws', silent),
      mute: streamtype('h1', silent),
      stalling: streamtype('h1', stalling, { http_method: 'GET' }),
    })
    context = await openContext({ policy })
  })
  after(async () => {
    await context.close()
    await silent.close()
    await stalling.close()
  })

  async function nothingIsLeft(): Promise<void> {
    while (context.stats.streams > 0) await new Promise(setImmediate)
    for (const { sockets } of [silent, stalling])
      for (const socket of sockets) await once(socket, 'close')
  }

  async function rejectsWith(promise: Promise<unknown>, reason: unknown): Promise<void> {
    const outcome = await promise.then(
      () => 'it resolved',
      (rejection) => ({ rejection }),
    )
    assert.deepEqual(outcome, { rejection: reason })
  }

  for (const [kind, reason] of Object.entries(reasons)) {
    for (const [name, wait] of Object.entries(waits)) {
      // A Node stream that is destroyed with what is no error ends without one.
      if (name === 'duplex()' && !reason) continue
      test(`${name} rejects with its reason, ${kind}`, async () => {
        const controller = new AbortController()
        const waiting = wait(context, controller.signal)
        setImmediate(() => controller.abort(reason))
        await rejectsWith(waiting, reason)
        await rejectsWith(wait(context, controller.signal), reason)
        await nothingIsLeft()
      })
    }
    test(`what waits in a context rejects with the reason of its signal, ${kind}`, async () => {
      const controller = new AbortController()
      const own = await openContext({ policy, signal: controller.signal })
      const { signal } = new AbortController()
      const waiting = Object.entries(waits)
        .filter(([name]) => name !== 'duplex()' || reason)
        .map(([, wait]) => rejectsWith(wait(own, signal), reason))
      setImmediate(() => controller.abort(reason))
      await Promise.all(waiting)
      await nothingIsLeft()
    })

    for (const [name, read] of Object.entries(reads))
      test(`a reply's ${name} rejects with its reason, ${kind}`, async () => {
        const controller = new AbortController()
        const { signal } = controller
        const reply = await context.request('stalling', { signal })
        const reading = read(reply)
        controller.abort(reason)
        await rejectsWith(reading, reason)
        await nothingIsLeft()
      })
    test(`openContext() rejects with its reason, ${kind}, whatever it waits for`, async () => {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'signals-'))
      const policyFile = path.join(folder, 'policy.json')
      await writeFile(policyFile, JSON.stringify(context.policy))
      for (const turns of [0, 1, 2, 3]) {
        const controller = new AbortController()
        const opening = openContext({ policyFile, signal: controller.signal })
        let given = Promise.resolve()
        for (let n = 0; n < turns; n++) given = given.then(() => new Promise(setImmediate))
        given.then(() => controller.abort(reason))
        await opening.then(
          (opened) => opened.close(),
          (rejection) => assert.equal(rejection, reason),
        )
      }
      await rm(folder, { recursive: true })
    })
  }
})
