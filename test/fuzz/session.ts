// A context, its streams and its peers, on which the call-order fuzz test makes its calls.

import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import {
  type Context,
  type Message,
  openContext,
  type PolicyInput,
  Return,
  type SecureStream,
  type StreamHandlers,
} from 'lws-secure-streams'
import type { Cut } from '../peers/index.js'
import { patternBytes } from '../peers/index.js'
import type { Command, Handled } from './commands.js'

/** What happens to the peers. */
export interface Network {
  cut(after: number, how: Cut): void
  mutate(at: number, bits: number): void
  drop(): void
}

// Far beyond what anything here takes, and so what only a promise reaches that is left behind.
const HANG_MS = 15_000
// What most messages have arrived in.
const ENOUGH_MS = 50
const ABORTED = new Error('aborted by the test')
const DESTROYED = new Error('destroyed by the test')

// What a stream with handlers refuses.
const receiving: Partial<Record<Command['call'], (stream: SecureStream) => unknown>> = {
  messages: (stream) => stream[Symbol.asyncIterator](),
  chunks: (stream) => stream.chunks(),
  listen: (stream) => stream.on('message', () => {}),
  duplex: (stream) => stream.duplex(),
}

/** A context, its streams, and every promise that they gave. */
export class Session {
  readonly #context: Context
  readonly #network: Network
  readonly #streams: SecureStream[] = []
  readonly #withHandlers = new Set<SecureStream>()
  readonly #pending = new Map<Promise<unknown>, string>()
  #failure: Error | undefined
  #closing = false

  private constructor(context: Context, network: Network) {
    this.#context = context
    this.#network = network
  }

  static async open(policy: PolicyInput, network: Network): Promise<Session> {
    network.cut(Number.POSITIVE_INFINITY, 'close')
    return new Session(await openContext({ policy, ca: 'node' }), network)
  }

  async perform(command: Command): Promise<void> {
    if (command.call === 'pause') {
      for (let n = 0; n < command.turns; n++) await turn()
      if (command.ms > 0) await delay(command.ms)
      return
    }
    try {
      this.#perform(command)
    } catch (error) {
      this.#check(command.call, error)
    }
    if (this.#failure) throw this.#failure
  }

  /** Closes what is left; everything has settled then. */
  async end(): Promise<void> {
    this.#network.cut(Number.POSITIVE_INFINITY, 'close')
    const sent = Array.from(this.#pending).filter(([, call]) => /^(send|request)/.test(call))
    if (!this.#closing) {
      await Promise.race([Promise.allSettled(sent.map(([promise]) => promise)), delay(ENOUGH_MS)])
      for (const stream of this.#streams) stream.destroy()
      this.#close()
    }
    const timer = new AbortController()
    const all = async () => {
      while (this.#pending.size > 0) await Promise.allSettled(this.#pending.keys())
    }
    const hang = delay(HANG_MS, undefined, { signal: timer.signal, ref: true }).then(
      () => assert.fail(`pending: ${Array.from(this.#pending.values()).join(', ')}`),
      () => {},
    )
    await Promise.race([all(), hang])
    timer.abort()
    if (this.#failure) throw this.#failure
    for (const stream of this.#streams) assert.ok(stream.destroyed, 'a stream outlives its context')
  }

  /** Only what a program can make sense of is an error. */
  #check(call: string, error: unknown): void {
    if (error === ABORTED || error === DESTROYED) return
    const { code } = (error ?? {}) as { code?: string }
    if (typeof code === 'string' && code.startsWith('ERR_SS_')) return
    this.#failure ??= new Error(`${call} failed with what is no error of the package`, {
      cause: error,
    })
  }

  #track(call: string, promise: Promise<unknown>): void {
    const settled: Promise<unknown> = promise
      .catch((error) => this.#check(call, error))
      .finally(() => this.#pending.delete(settled))
    this.#pending.set(settled, call)
  }

  #close(): void {
    // It waits for answers and acknowledgements, which some peers never give.
    const timer = setTimeout(() => this.#context.destroy(), ENOUGH_MS)
    this.#track(
      'close()',
      this.#context.close().finally(() => clearTimeout(timer)),
    )
  }

  #stream(which: number): SecureStream | undefined {
    return this.#streams[which % this.#streams.length]
  }

  #perform(command: Exclude<Command, { call: 'pause' }>): void {
    switch (command.call) {
      case 'stream':
        this.#open(command)
        break
      case 'request':
        this.#track('request()', this.#request(command))
        break
      case 'cut':
        this.#network.cut(command.after, command.how)
        break
      case 'mutate':
        this.#network.mutate(command.at, command.bits)
        break
      case 'drop':
        this.#network.drop()
        break
      case 'gc':
        globalThis.gc?.()
        break
      case 'overlay':
        this.#track(
          'overlay()',
          this.#context.overlay({ s: [{ 'h1-plain': { timeout_ms: command.n + 1 } }] }),
        )
        break
      case 'setBlob':
        this.#context.setBlob('deviceSerial', `${command.n}`)
        break
      case 'close':
        this.#closing = true
        this.#close()
        break
      case 'contextDestroy':
        this.#closing = true
        this.#context.destroy(command.n % 2 ? DESTROYED : undefined)
        break
      default: {
        const stream = this.#stream(command.which)
        if (stream) this.#call(stream, command)
      }
    }
  }

  #open({ streamtype, handlers, signal }: Extract<Command, { call: 'stream' }>): void {
    const options = {
      ...(streamtype.startsWith('mqtt') && { metadata: { topic: `t${this.#streams.length}` } }),
      ...(signal && { signal: abortedSoon() }),
    }
    const stream = this.#context.stream(streamtype, {
      ...options,
      ...(handlers && this.#handlers(handlers)),
    })
    this.#streams.push(stream)
    if (handlers) this.#withHandlers.add(stream)
  }

  #handlers(script: readonly Handled[]): StreamHandlers {
    const steps = Array.from(script)
    const step = (stream: SecureStream) => {
      switch (steps.shift()) {
        case 'DISCONNECT_ME':
          return Return.DISCONNECT_ME
        case 'DESTROY_ME':
          return Return.DESTROY_ME
        case 'destroy':
          stream.destroy()
          break
        case 'disconnect':
          stream.disconnect()
          break
        case 'tx':
          stream.requestTx()
          break
        case 'send':
          this.#track('send() with handlers', stream.send('x'))
          break
      }
      return Return.OK
    }
    return {
      state: step,
      rx: step,
      tx: (stream, { room }) => {
        const answer = step(stream)
        if (answer !== Return.OK) return answer
        return { data: patternBytes(Math.min(room, 100)), som: true, eom: true }
      },
    }
  }

  async #request(command: Extract<Command, { call: 'request' }>): Promise<void> {
    const bytes = command.size === undefined ? undefined : patternBytes(command.size)
    const body = bytes && command.blob ? new Blob([new Uint8Array(bytes)]) : bytes
    const reply = await this.#context.request(command.streamtype, {
      ...(command.streamtype.startsWith('mqtt') && { metadata: { topic: 'r' } }),
      ...(body && { body }),
      ...(command.give === 'signal' && { signal: abortedSoon() }),
      ...(command.give === 'timeout' && { timeout: 2 }),
    })
    switch (command.read) {
      case 'text': {
        const received = await reply.bytes()
        if (reply.acked && /(plain|tls|nailed)$/.test(command.streamtype))
          assert.ok(received.equals(bytes ?? Buffer.alloc(0)), 'the echo is not what was sent')
        break
      }
      case 'half':
        for await (const _ of reply.body) break
        break
      case 'cancel':
        await reply.body[Symbol.asyncIterator]().return?.()
        break
    }
  }

  #call(stream: SecureStream, command: Extract<Command, { which: number }>): void {
    const receive = receiving[command.call]
    if (receive && this.#withHandlers.has(stream)) {
      assert.throws(() => receive(stream), { code: 'ERR_SS_HAS_HANDLERS' })
      return
    }
    switch (command.call) {
      case 'send':
        for (let n = 0; n < command.times; n++)
          this.#track(
            'send()',
            stream.send(
              patternBytes(command.size),
              command.signal ? { signal: abortedSoon() } : {},
            ),
          )
        break
      case 'messages':
        this.#track(
          'for await',
          take(stream, command.take, (message) => this.#received(stream, message)),
        )
        break
      case 'chunks':
        this.#track(
          'chunks()',
          take(stream.chunks(), command.take, () => {}),
        )
        break
      case 'listen': {
        const listener = (message: Message) => this.#received(stream, message)
        stream.on('message', listener)
        if (command.take === 0) stream.off('message', listener)
        break
      }
      case 'duplex':
        this.#useDuplex(stream.duplex(), command.take)
        break
      case 'destroy':
        if (command.cause === 'none') stream.destroy()
        else stream.destroy(DESTROYED)
        break
      case 'dispose':
        this.#track('[Symbol.asyncDispose]()', stream[Symbol.asyncDispose]())
        break
      case 'connect':
        this.#track('connect()', stream.connect())
        break
      case 'requestTx':
        stream.requestTx()
        break
      case 'requestTxLength':
        stream.requestTx(100)
        break
      case 'setMetadata':
        if (stream.streamtype.startsWith('mqtt')) stream.setMetadata('topic', 'other')
        break
      case 'changeHandlers':
        if (this.#withHandlers.has(stream)) stream.changeHandlers({ rx: () => Return.OK })
        break
      case 'startTimeout':
        stream.startTimeout(3)
        break
      case 'cancelTimeout':
        stream.cancelTimeout()
        break
      case 'addPeerTxCredit':
        stream.addPeerTxCredit(1000)
        break
      case 'disconnect':
        stream.disconnect()
        break
      case 'ref':
        stream.ref()
        break
      case 'unref':
        stream.unref()
        break
      case 'inspect':
        assert.equal(typeof stream.tag, 'string')
        assert.ok(stream.peerTxCredit >= 0)
        assert.ok(stream.metadata)
        break
    }
  }

  /** All that is ever sent are such patterns. */
  #received({ streamtype }: SecureStream, { data }: Message): void {
    if (streamtype.startsWith('raw') || streamtype.endsWith('mutated')) return
    assert.ok(data.equals(patternBytes(data.length)), `${streamtype} received what nobody sent`)
  }

  #useDuplex(duplex: Duplex, how: number): void {
    this.#track(
      'duplex()',
      new Promise<void>((resolve, reject) => {
        duplex.on('error', reject)
        duplex.on('close', resolve)
      }),
    )
    if (how > 0) duplex.write(patternBytes(1))
    if (how > 1) duplex.resume()
    if (how > 2) duplex.end()
    if (how === 0) duplex.destroy()
  }
}

function abortedSoon(): AbortSignal {
  const controller = new AbortController()
  setImmediate(() => setImmediate(() => controller.abort(ABORTED)))
  return controller.signal
}

async function take<T>(
  from: AsyncIterable<T>,
  most: number,
  check: (taken: T) => void,
): Promise<void> {
  let taken = 0
  if (most === 0) return
  for await (const each of from) {
    check(each)
    if (++taken >= most) break
  }
}
