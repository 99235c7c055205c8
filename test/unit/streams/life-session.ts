/** One stream on a native double: calls, happenings, and what has to hold in the end. */
import assert from 'node:assert/strict'
import type { Message } from 'lws-secure-streams'
import type { Exchange } from '../../../dist/streamtypes/kind.js'
import { internal } from '../../support/internals.js'
import { type Happening, NativeDouble } from './native-double.js'

const { SecureStream } = internal<typeof import('../../../dist/streams/secure-stream.js')>(
  'streams/secure-stream.js',
)
const { StreamWiring } = internal<typeof import('../../../dist/streams/stream-wiring.js')>(
  'streams/stream-wiring.js',
)
const { Kind } = internal<typeof import('../../../dist/streamtypes/kind.js')>('streamtypes/kind.js')

export const CALLS = [
  'send',
  'send with a signal',
  'abort what was sent',
  'connect',
  'disconnect',
  'close',
  'next',
  'return',
  'listen',
  'drained',
  'destroy',
  'destroy with an error',
  'abort',
  'lose the streamtype',
] as const
export type Call = (typeof CALLS)[number]

/** A happening is told at once, or `late`: behind the command that follows. */
export type Command = { call: Call } | { happens: Happening; late?: boolean }

const definitions = {
  requests: { protocol: 'h1', http_method: 'POST' },
  messages: { protocol: 'ws' },
  publishes: { protocol: 'mqtt', mqtt_topic: 'x' },
  bytes: { protocol: 'raw' },
} as const
export const kinds = Object.fromEntries(
  Object.entries(definitions).map(([exchange, definition]) => [
    exchange,
    new Kind(exchange, { endpoint: 'host', ...definition }),
  ]),
) as Record<keyof typeof definitions, InstanceType<typeof Kind>>

// No promise of the library is further from its reason than so many others.
const LONGEST_CHAIN = 16

/** Lets all promises settle that can. */
export async function flush(): Promise<void> {
  for (let n = 0; n < LONGEST_CHAIN; n++) await undefined
}

export interface Watched {
  readonly what: string
  outcome: 'pending' | 'fulfilled' | 'rejected'
  value?: unknown
}

interface Sent extends Watched {
  readonly id: number | undefined
  /** How often everything had been ended before it. */
  readonly endings: number
  hasToSucceed: boolean
  isTold: boolean
}

/** What a promise comes to. */
export function watch(what: string, promise: Promise<unknown>): Watched {
  const watched: Watched = { what, outcome: 'pending' }
  promise.then(
    (value) => Object.assign(watched, { outcome: 'fulfilled', value }),
    (value) => Object.assign(watched, { outcome: 'rejected', value }),
  )
  return watched
}

/** A stream on a double of the addon. */
export function openStream(
  double: NativeDouble,
  kind: InstanceType<typeof Kind>,
  warn: (text: string) => void = () => {},
) {
  const log = { isWanted: false, notice: () => {}, warn, unknownOptions: () => {} }
  const wiring = new StreamWiring(double, kind, log, () => double.open())
  return new SecureStream(wiring)
}

export class Session {
  readonly #double: NativeDouble
  readonly #stream: InstanceType<typeof SecureStream>
  readonly #promises: Watched[] = []
  readonly #sent: Sent[] = []
  readonly #read: Watched[] = []
  readonly #heard: Message[] = []
  readonly #states: (string | number)[] = []
  #signals: { controller: AbortController; sent: Sent }[] = []
  #reader: AsyncIterator<Message, void> | undefined
  #listens = false
  #endings = 0
  #late = false

  constructor(exchange: Exclude<Exchange, 'responses'>) {
    this.#double = new NativeDouble(exchange)
    this.#stream = openStream(this.#double, kinds[exchange])
    this.#double.settles = (id) => {
      for (const sent of this.#sent)
        if (sent.id === id) {
          sent.isTold = true
          sent.hasToSucceed = sent.endings === this.#endings
        }
    }
    this.#stream.on('state', (state) => {
      this.#states.push(state)
      if (['TIMEOUT', 'ALL_RETRIES_FAILED', 'DESTROYING'].includes(String(state))) this.#endings++
    })
    this.#watch('closed', this.#stream.life.closed())
  }

  #watch(what: string, promise: Promise<unknown>): Watched {
    const watched = watch(what, promise)
    this.#promises.push(watched)
    return watched
  }

  /** False when it cannot happen at this point. */
  async perform(command: Command): Promise<boolean> {
    const wasLate = this.#late
    this.#late = false
    if ('call' in command) {
      this.#call(command.call)
    } else {
      if (!this.#double.happen(command.happens)) return false
      this.#late = command.late ?? false
    }
    if (wasLate || !this.#late) this.#double.tell()
    await flush()
    return true
  }

  #call(call: Call): void {
    const stream = this.#stream
    switch (call) {
      case 'send':
        this.#send(undefined)
        break
      case 'send with a signal':
        this.#send(new AbortController())
        break
      case 'abort what was sent':
        for (const { controller, sent } of this.#signals.splice(0)) {
          sent.hasToSucceed &&= sent.outcome === 'fulfilled'
          Object.assign(sent, { endings: -1 })
          controller.abort(new Error('aborted'))
        }
        break
      case 'connect':
        this.#watch('connect', stream.connect())
        break
      case 'disconnect':
        this.#endings++
        stream.disconnect()
        break
      case 'close':
        // What waits, and can no more leave, is given up by it.
        this.#endings++
        this.#watch('close', stream.close())
        break
      case 'next':
        this.#reader ??= stream[Symbol.asyncIterator]()
        this.#read.push(this.#watch('next', this.#reader.next()))
        break
      case 'return':
        if (this.#reader?.return) this.#watch('return', this.#reader.return())
        this.#reader = undefined
        break
      case 'listen':
        if (!this.#listens) stream.on('message', (message) => this.#heard.push(message))
        this.#listens = true
        break
      case 'drained':
        this.#watch('drained', stream.life.drained())
        break
      case 'destroy':
      case 'destroy with an error':
        this.#endings++
        stream.destroy(call === 'destroy' ? undefined : new Error('enough'))
        break
      case 'abort':
        this.#endings++
        stream.life.abort('aborted')
        break
      case 'lose the streamtype':
        this.#endings++
        stream.life.followPolicy(undefined)
        break
    }
  }

  #send(controller: AbortController | undefined): void {
    const before = this.#double.lastId
    const options = controller ? { signal: controller.signal } : {}
    const watched = this.#watch('send', this.#stream.send('x', options))
    const { lastId } = this.#double
    const sent = Object.assign(watched, {
      id: lastId === before ? undefined : lastId,
      endings: this.#endings,
      hasToSucceed: false,
      isTold: false,
    })
    this.#sent.push(sent)
    if (controller) this.#signals.push({ controller, sent })
  }

  /** Ends the stream, and checks what has to hold for any. */
  async end(): Promise<void> {
    const stream = this.#stream
    const double = this.#double
    double.tell()
    if (!double.isOver) {
      if (!double.isDoomed) stream.destroy()
      double.happen('destroying')
    }
    double.tell()
    await flush()
    const afterwards = [
      this.#watch('connect afterwards', stream.connect()),
      this.#watch('send afterwards', stream.send('x')),
    ]
    if (this.#reader) await this.#readTheRest(this.#reader)
    // An iterator that has thrown has ended, and leaves what comes later to others.
    await this.#readTheRest(stream[Symbol.asyncIterator]())

    for (const { what, outcome } of this.#promises)
      assert.notEqual(outcome, 'pending', `${what} is settled when the stream is over`)
    for (const { what, outcome } of afterwards) assert.equal(outcome, 'rejected', what)
    for (const { outcome, isTold, hasToSucceed } of this.#sent) {
      if (outcome === 'fulfilled') assert.ok(isTold, 'what is said to be sent was sent')
      if (hasToSucceed) assert.equal(outcome, 'fulfilled', 'what was sent is said to be')
    }
    assert.deepEqual(this.#states, double.states, 'states are told once, in order')
    assert.equal(double.states.at(-1), 'DESTROYING')
    assert.equal(stream.state, 'DESTROYING')
    assert.ok(stream.destroyed)
    assert.equal(stream.stats.connections, this.#states.filter((s) => s === 'CONNECTED').length)
    this.#checkMessages()
  }

  async #readTheRest(reader: AsyncIterator<Message, void>): Promise<void> {
    for (;;) {
      const next = this.#watch('next at the end', reader.next())
      await flush()
      if (next.outcome !== 'fulfilled' || (next.value as IteratorResult<Message>).done) return
      this.#read.push(next)
    }
  }

  #checkMessages(): void {
    const results = this.#read.flatMap(({ outcome, value }) =>
      outcome === 'fulfilled' ? [value as IteratorResult<Message, void>] : [],
    )
    const read = results.flatMap(({ value }) => (value ? [value] : []))
    const { messages } = this.#double
    const texts = [read, this.#heard].map((list) => list.map((message) => message.text()))
    // Each is for one reader: together they have all, each in order.
    assert.deepEqual(texts.flat().sort(), [...messages].sort(), 'no message is lost or doubled')
    for (const part of texts)
      assert.deepEqual(
        part,
        messages.filter((text) => part.includes(text)),
        'messages keep their order',
      )
    assert.equal(this.#stream.stats.messagesReceived, messages.length)
  }
}
