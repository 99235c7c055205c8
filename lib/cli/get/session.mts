// A session of `lws-ss get` on a protocol without transactions.
import { DisconnectedError } from '../../errors/disconnected-error.js'
import type { SecureStream } from '../../streams/secure-stream.js'
import type { Exchange } from '../../streamtypes/kind.js'
import { CommandError } from '../command-error.mjs'
import { ExitStatus } from '../exit-status.mjs'
import type { Sendable } from './input.mjs'
import { InputFile } from './input-file.mjs'
import type { Outcome } from './outcome.mjs'
import type { Output } from './output.mjs'

const LINE_END = Buffer.from('\n')
// Node fires a timer at once when its delay is longer.
const LONGEST_TIMER = 0x7fffffff

const unreadable = (error: Error) =>
  error instanceof CommandError
    ? error
    : new CommandError(`standard input cannot be read: ${error.message}`, ExitStatus.Failed)

// These codes end a WebSocket without an error.
const closedInOrder = new Set<number | undefined>([1000, 1005])

/** Why a session that the peer has ended did not end as it should. */
function failureOf(stream: SecureStream, exchange: Exchange): Error | undefined {
  const { lastError, streamtype } = stream
  if (exchange === 'bytes') return lastError
  if (exchange === 'messages' && lastError instanceof DisconnectedError)
    if (closedInOrder.has(lastError.closeCode)) return undefined
  // On mqtt the client ends a session. When the broker ends it, something is wrong.
  return lastError ?? new DisconnectedError(streamtype, 'by the peer, without a reason')
}

interface SessionOptions {
  readonly exchange: Exchange
  /** Of which kind the messages are that are sent, on ws. */
  readonly kind?: 'text' | 'binary'
  /** Whether the peer acknowledges what is sent. */
  readonly acknowledged: boolean
  /** Whether each message that arrives is to be a line of its own. */
  readonly asLines: boolean
  readonly output: Output
  /** How many milliseconds of silence end the session, when all is sent; without, none do. */
  readonly wait?: number
}

/** Sends messages, and writes what arrives, until the peer, the input or the user ends it. */
export class Session {
  readonly #stream: SecureStream
  readonly #options: SessionOptions
  readonly #over: Promise<void>
  #resolveOver!: () => void
  #isOver = false
  #failure: unknown
  #sending: Promise<void> | undefined
  #silence: NodeJS.Timeout | undefined

  constructor(stream: SecureStream, options: SessionOptions) {
    this.#stream = stream
    this.#options = options
    this.#over = new Promise((resolve) => {
      this.#resolveOver = resolve
    })
  }

  /** Without `messages` it only receives. */
  async run(messages: AsyncIterable<Sendable> | undefined, signal: AbortSignal): Promise<Outcome> {
    const { acknowledged, output } = this.#options
    const stream = this.#stream
    stream.on('state', (state) => {
      if (state === 'DISCONNECTED' && stream.stats.connections > 0)
        this.#end(this.#isOver ? undefined : failureOf(stream, this.#options.exchange))
    })
    signal.addEventListener('abort', () => this.#end())
    await Promise.race([stream.connect(), this.#over])
    if (stream.stats.connections === 0) throw signal.reason
    await output.begin()

    const received = this.#receive()
    if (messages) this.#sendAll(messages)
    else this.#awaitSilence()
    await this.#over
    clearTimeout(this.#silence)
    if (messages) process.stdin.destroy()
    // What is being sent gets the time to arrive.
    await this.#sending
    const { state, metadata, stats } = stream
    stream.destroy()
    await received
    if (this.#failure) throw this.#failure
    const acked = acknowledged && stats.messagesSent > 0 ? true : null
    return { acked, state, metadata, sent: stats.bytesSent, received: stats.bytesReceived }
  }

  #end(failure?: unknown): void {
    this.#failure ??= failure
    this.#isOver = true
    this.#resolveOver()
  }

  async #sendAll(messages: AsyncIterable<Sendable>): Promise<void> {
    try {
      for await (const message of messages) {
        if (this.#isOver) return
        this.#sending = this.#send(message).catch((error) => this.#end(error))
        await this.#sending
      }
      this.#awaitSilence()
    } catch (error) {
      if (!this.#isOver) this.#end(unreadable(error as Error))
    }
  }

  async #send(message: Sendable): Promise<void> {
    const { kind } = this.#options
    const options = kind ? { binary: kind === 'binary' } : {}
    if (!(message instanceof InputFile)) return this.#stream.send(message, options)
    if (kind === 'text') await message.requireText()
    return this.#stream.sending.sendBlob(message, options)
  }

  #awaitSilence(): void {
    const { wait } = this.#options
    if (this.#isOver || wait === undefined) return
    this.#silence = setTimeout(() => this.#end(), Math.min(wait, LONGEST_TIMER))
  }

  async #receive(): Promise<void> {
    const { asLines, output } = this.#options
    try {
      for await (const { data, eom } of this.#stream.chunks()) {
        this.#silence?.refresh()
        const isTaken = await output.write(asLines && eom ? Buffer.concat([data, LINE_END]) : data)
        if (!isTaken) break
      }
      this.#end()
    } catch (error) {
      this.#end(error)
    }
  }
}
