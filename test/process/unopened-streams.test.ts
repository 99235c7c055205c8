/** Streams of the addon that are made, and not opened, or later. */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { NativeContext, NativeStream, NativeStreamHandlers } from '../../dist/addon/native.js'
import { loopTurn } from '../support/in-fixture.js'
import { internal } from '../support/internals.js'
import {
  closeNativeContexts,
  newRawStream,
  openNativeContext,
  rawKind,
} from '../support/native-streams.js'

const { stateName } = internal<typeof import('../../dist/state.js')>('state.js')

const handlers: NativeStreamHandlers = { state: () => {}, rx: () => {}, tx: () => undefined }

/** What JavaScript can ask a stream for that is done later, from a clean stack. */
function askForAll(stream: NativeStream): void {
  stream.connect()
  stream.listen()
  stream.requestTx()
  stream.setReading(true)
  stream.followPolicy('client', rawKind)
  stream.disconnect()
}

describe('a stream that was never opened', () => {
  const server = net.createServer((socket) => socket.resume())
  // The ids of the streams' async resources.
  const made = new Set<number>()
  const destroyed = new Set<number>()
  const hook = createHook({
    init(id, type) {
      if (type === 'SECURESTREAM') made.add(id)
    },
    destroy(id) {
      if (made.has(id)) destroyed.add(id)
    },
  })
  let context: NativeContext

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = { endpoint: '127.0.0.1', port, protocol: 'raw' }
    context = openNativeContext(JSON.stringify({ release: '01234567', s: [{ client }] }))
    hook.enable()
  })
  after(async () => {
    hook.disable()
    await closeNativeContexts()
    server.close()
  })

  test('is gone after destroy(), and cannot be opened then', async () => {
    const before = made.size
    const stream = newRawStream(context, 'client')
    stream.destroy()
    stream.destroy()
    await loopTurn()
    await loopTurn()
    assert.equal(made.size, before + 1)
    assert(destroyed.has([...made][before] as number))
    askForAll(stream)
    await loopTurn()
    assert.throws(() => stream.open(handlers), /is open already, or destroyed/)
    await loopTurn()
  })

  test('can be collected, whatever it was asked for', async () => {
    const before = made.size
    for (let n = 0; n < 20; n++) askForAll(newRawStream(context, 'client'))
    const ids = [...made].slice(before)
    assert.equal(ids.length, 20)
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    // A frame of the interpreter may still hold the last one.
    const areOver = () => ids.slice(0, -1).every((id) => destroyed.has(id))
    for (let n = 0; n < 50 && !areOver(); n++) {
      await loopTurn()
      collect()
    }
    assert(areOver())
  })

  test('does what it was asked for when it is opened', async () => {
    const stream = newRawStream(context, 'client')
    stream.connect()
    await loopTurn()
    await new Promise<void>((resolve) => {
      const state = (code: number) => {
        if (stateName(code) === 'CONNECTED') resolve()
      }
      stream.open({ ...handlers, state })
    })
    assert.throws(() => stream.open(handlers), /is open already/)
    stream.destroy()
  })
})
