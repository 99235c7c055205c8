/** Listeners and accepted streams, through the addon: what lib/ will serve with. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, describe, test } from 'node:test'
import type {
  NativeAccept,
  NativeContext,
  NativeStream,
  NativeStreamHandlers,
} from '../../dist/addon/native.js'
import type { StreamEventTarget } from '../../dist/addon/targets.js'
import { internal } from '../support/internals.js'
import {
  closeNativeContexts,
  newRawStream,
  openNativeContext,
  rawKind,
  setNativePolicy,
} from '../support/native-streams.js'

const { stateName } = internal<typeof import('../../dist/state.js')>('state.js')

const CLIENTS = 1000
const AT_ONCE = 20

/** `names`: of the metadata that the server declares. */
const policyOf = (...names: string[]) =>
  JSON.stringify({
    release: '01234567',
    product: 'accepted',
    'schema-version': 1,
    s: [
      {
        echo: {
          server: true,
          endpoint: '127.0.0.1',
          port: 0,
          protocol: 'raw',
          metadata: names.map((name) => ({ [name]: '' })),
        },
      },
    ],
  })

after(closeNativeContexts)

const newStream = (context: NativeContext) => newRawStream(context, 'echo')

const ignore = () => {}

/** What happened to one accepted stream, which sends back what it is sent; `over` settles at its end. */
class Accepted implements StreamEventTarget {
  readonly states: (string | number)[] = []
  readonly stream: NativeStream
  readonly over: Promise<void>
  readonly life: StreamEventTarget['life']
  readonly sending = {
    sent: ignore,
    acknowledged: ignore,
    refused: ignore,
    dropped: ignore,
    wanted: ignore,
  }
  readonly receiving = {
    received: (data: Buffer) => this.stream.send(Buffer.from(data), 1),
    performance: ignore,
    published: ignore,
    ended: () => this.stream.disconnect(),
  }

  constructor(context: NativeContext) {
    let onOver = ignore
    this.over = new Promise((resolve) => {
      onOver = resolve
    })
    this.life = {
      state: (state) => {
        this.states.push(state)
        if (state === 'DESTROYING') onOver()
      },
      failed: ignore,
      retries: ignore,
      answerBegins: ignore,
      answerTrails: ignore,
    }
    this.stream = newStream(context)
    this.stream.events = this
  }
}

const WHOLE_LIFE = ['CREATING', 'CONNECTING', 'CONNECTED', 'DISCONNECTED', 'DESTROYING']

function listen(context: NativeContext, accept: NativeAccept): NativeStream {
  const listener = newStream(context)
  listener.open({ state: () => {}, rx: () => {}, tx: () => undefined }, accept)
  return listener
}

function connect(listener: NativeStream): net.Socket {
  return net.connect({ host: '127.0.0.1', port: listener.listenPort() })
}

async function echoOf(listener: NativeStream, text: string): Promise<string> {
  const socket = connect(listener)
  socket.write(text)
  const [data] = (await once(socket, 'data')) as [Buffer]
  socket.end()
  await once(socket, 'close')
  return data.toString()
}

function listenWithEcho(context: NativeContext): { listener: NativeStream; all: Accepted[] } {
  const all: Accepted[] = []
  const listener = listen(context, () => {
    const accepted = new Accepted(context)
    all.push(accepted)
    return [accepted.stream]
  })
  return { listener, all }
}

describe('a listener', () => {
  test(`gives ${CLIENTS} clients a stream each, one after the other`, async () => {
    const { listener, all } = listenWithEcho(openNativeContext(policyOf()))
    for (let n = 0; n < CLIENTS; n += AT_ONCE) {
      const texts = Array.from({ length: AT_ONCE }, (_, k) => `client ${n + k}`)
      assert.deepEqual(await Promise.all(texts.map((text) => echoOf(listener, text))), texts)
    }
    await Promise.all(all.map(({ over }) => over))
    assert.equal(all.length, CLIENTS)
    for (const { states } of all) assert.deepEqual(states, WHOLE_LIFE)
  })

  test('calls the handlers of what it accepts', async () => {
    const context = openNativeContext(policyOf())
    const states: (string | number)[] = []
    let onOver = () => {}
    const over = new Promise<void>((resolve) => {
      onOver = resolve
    })
    const listener = listen(context, () => {
      const stream = newStream(context)
      let last: Buffer | undefined
      const handlers: NativeStreamHandlers = {
        state: (code) => {
          states.push(stateName(code))
          if (stateName(code) === 'DESTROYING') onOver()
        },
        rx: (data) => {
          last = data
          stream.requestTx()
        },
        tx: () => (last ? [last, 3] : undefined),
      }
      return [stream, handlers]
    })
    assert.equal(await echoOf(listener, 'by handlers'), 'by handlers')
    await over
    assert.deepEqual(states, WHOLE_LIFE)
  })

  test('ends what is reset before its first byte, and goes on', async () => {
    const { listener, all } = listenWithEcho(openNativeContext(policyOf()))
    for (let n = 0; n < 50; n++) {
      const socket = connect(listener)
      await once(socket, 'connect')
      socket.resetAndDestroy()
    }
    assert.equal(await echoOf(listener, 'after them'), 'after them')
    assert.equal(all.length, 51)
    await Promise.all(all.map(({ over }) => over))
    for (const { states } of all) assert.equal(states.at(-1), 'DESTROYING')
  })

  test('refuses connections for which it is given no stream', async () => {
    const context = openNativeContext(policyOf())
    let refuses = true
    const listener = listen(context, () => (refuses ? undefined : [new Accepted(context).stream]))
    for (let n = 0; n < 20; n++) {
      const socket = connect(listener)
      socket.on('error', () => {})
      await once(socket, 'close')
    }
    refuses = false
    assert.equal(await echoOf(listener, 'the next'), 'the next')
  })

  test('refuses connections when what it asks for streams is destroyed', async () => {
    const context = openNativeContext(policyOf())
    const listener = listen(context, () => {
      const accepted = new Accepted(context)
      accepted.stream.destroy()
      return [accepted.stream]
    })
    const socket = connect(listener)
    socket.on('error', () => {})
    await once(socket, 'close')
  })

  test('refuses connections by the CREATING handlers of what it accepts', async () => {
    const context = openNativeContext(policyOf())
    const states: (string | number)[] = []
    const listener = listen(context, () => {
      const stream = newStream(context)
      const state = (code: number) => {
        states.push(stateName(code))
        stream.destroy()
      }
      return [stream, { state, rx: () => {}, tx: () => undefined }]
    })
    const socket = connect(listener)
    socket.on('error', () => {})
    await once(socket, 'close')
    assert.deepEqual(states, ['CREATING', 'DESTROYING'])
  })

  test('refuses connections when what it asks for streams is in use', async () => {
    const context = openNativeContext(policyOf())
    const accepted = new Accepted(context)
    const listener = listen(context, () => [accepted.stream])
    const first = connect(listener)
    first.write('first')
    await once(first, 'data')
    const second = connect(listener)
    second.on('error', () => {})
    await once(second, 'close')
    first.write('still')
    assert.equal(String(await once(first, 'data')), 'still')
    first.end()
    await accepted.over
    assert.deepEqual(accepted.states, WHOLE_LIFE)
  })

  test('closes what it has accepted when it is destroyed', async () => {
    const { listener, all } = listenWithEcho(openNativeContext(policyOf()))
    const port = listener.listenPort()
    const sockets = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect(listener)
        socket.on('error', () => {})
        socket.write('here')
        await once(socket, 'data')
        return socket
      }),
    )
    const closed = sockets.map((socket) => once(socket, 'close'))
    listener.destroy()
    await Promise.all(closed)
    await Promise.all(all.map(({ over }) => over))
    for (const { states } of all) assert.deepEqual(states, WHOLE_LIFE)
    const late = net.connect({ host: '127.0.0.1', port })
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNREFUSED')
  })

  test('goes on when a stream of its own is destroyed', async () => {
    const { listener, all } = listenWithEcho(openNativeContext(policyOf()))
    const socket = connect(listener)
    socket.write('here')
    await once(socket, 'data')
    all[0]?.stream.destroy()
    await once(socket, 'close')
    await all[0]?.over
    assert.equal(await echoOf(listener, 'the next'), 'the next')
  })
})

describe('a policy that comes between', () => {
  const few = policyOf('a')
  const many = policyOf(...Array.from({ length: 40 }, (_, n) => `name-${n}`))
  for (const [before, next, how] of [
    [few, many, 'more metadata'],
    [many, few, 'less metadata'],
  ] as const)
    test(`and declares ${how}: listeners go by theirs until they follow it`, async () => {
      const context = openNativeContext(before)
      const { listener, all } = listenWithEcho(context)
      const stays = connect(listener)
      stays.write('first')
      await once(stays, 'data')
      assert(setNativePolicy(context, next))
      assert.equal(await echoOf(listener, 'by the earlier'), 'by the earlier')
      listener.followPolicy('echo', rawKind)
      assert.equal(await echoOf(listener, 'by the new'), 'by the new')
      stays.write('goes on')
      assert.equal(String(await once(stays, 'data')), 'goes on')
      stays.end()
      await Promise.all(all.map(({ over }) => over))
      for (const { states } of all) assert.deepEqual(states, WHOLE_LIFE)

      // Nobody goes by the earlier one any more, and listeners may share a socket by their addresses.
      const another = listenWithEcho(context)
      assert.equal(await echoOf(another.listener, 'by another'), 'by another')
      listener.destroy()
      assert.equal(await echoOf(another.listener, 'by another'), 'by another')
    })
})
