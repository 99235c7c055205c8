// A session of `lws-ss run` on a protocol without transactions.
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { BlobSource } from '../../messages/blob-like.js'
import type { SecureStream } from '../../streams/secure-stream.js'
import type { Exchange } from '../../streamtypes/kind.js'
import { CommandError } from '../command-error.mjs'
import { ExitStatus } from '../exit-status.mjs'
import type { Sendable } from './input.mjs'
import { InputFile } from './input-file.mjs'
import type { Ending, SessionOutcome } from './outcome.mjs'
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

/** How a session ended whose connection the peer has ended. */
function endByPeer(stream: SecureStream, exchange: Exchange): End {
  const { lastError } = stream
  if (exchange === 'bytes') return lastError ? { failure: lastError } : { by: 'peer' }
  if (exchange === 'messages' && lastError instanceof DisconnectedError) {
    const { closeCode, closeReason } = lastError
    if (closeCode !== undefined && closedInOrder.has(closeCode))
      return { by: 'peer', closeCode, ...(closeReason && { closeReason }) }
  }
  // On mqtt the client ends a session. When the broker ends it, something is wrong.
  return { failure: lastError ?? stream.life.attempt.lost('without saying why') }
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
  /** How many seconds of silence end the session, when all is sent; without, none do. */
  readonly wait?: number
  /** How many seconds connecting may take. */
  readonly timeout?: number
}

/** An orderly end, or what went wrong. */
type End = Ending | { readonly failure: unknown }

/** Sends messages, and writes what arrives, until the peer, the input or the user ends it. */
export class Session {
  readonly #stream: SecureStream
  readonly #options: SessionOptions
  readonly #over: Promise<void>
  #resolveOver!: () => void
  #end: End | undefined
  #sending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(stream: SecureStream, options: SessionOptions) {
    this.#stream = stream
    this.#options = options
    this.#over = new Promise((resolve) => {
      this.#resolveOver = resolve
    })
  }

  /** Without `messages` it only receives. */
  async run(
    messages: AsyncIterable<Sendable> | undefined,
    signal: AbortSignal,
  ): Promise<SessionOutcome> {
    const { acknowledged, output, exchange } = this.#options
    const stream = this.#stream
    stream.on('state', (state) => {
      if (state === 'DISCONNECTED' && stream.stats.connections > 0 && !this.#end)
        this.#endWith(endByPeer(stream, exchange))
    })
    signal.addEventListener('abort', () => this.#endWith({ by: 'interrupt' }))
    this.#limitConnecting()
    await Promise.race([stream.connect(), this.#over])
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (stream.stats.connections === 0) throw this.#failure ?? signal.reason
    output.begin()

    const received = this.#receive()
    if (messages) this.#sendAll(messages)
    else this.#awaitSilence()
    await this.#over
    clearTimeout(this.#timer)
    if (messages) process.stdin.destroy()
    // What is being sent gets the time to arrive.
    await this.#sending
    const { state, metadata, stats } = stream
    stream.destroy()
    await received
    if (this.#failure) throw this.#failure
    return {
      acked: acknowledged && stats.messagesSent > 0 ? true : null,
      state,
      metadata,
      sent: stats.bytesSent,
      received: stats.bytesReceived,
      ended: this.#end as Ending,
    }
  }

  get #failure(): unknown {
    return this.#end && 'failure' in this.#end ? this.#end.failure : undefined
  }

  /** What goes wrong counts, also behind an orderly end: what is being sent then may be lost. */
  #endWith(end: End): void {
    if (!this.#end || ('failure' in end && !this.#failure)) this.#end = end
    this.#resolveOver()
  }

  #limitConnecting(): void {
    const { timeout } = this.#options
    if (timeout === undefined || timeout === Infinity) return
    const why = `'${this.#stream.streamtype}' was not connected within ${timeout} s`
    const failure = new CommandError(why, ExitStatus.Unreachable)
    this.#timer = setTimeout(
      () => this.#endWith({ failure }),
      Math.min(timeout * 1000, LONGEST_TIMER),
    )
  }

  async #sendAll(messages: AsyncIterable<Sendable>): Promise<void> {
    try {
      for await (const message of messages) {
        if (this.#end) return
        this.#sending = this.#send(message).catch((failure) => this.#endWith({ failure }))
        await this.#sending
      }
      this.#awaitSilence()
    } catch (error) {
      if (!this.#end) this.#endWith({ failure: unreadable(error as Error) })
    }
  }

  async #send(message: Sendable): Promise<void> {
    const { kind } = this.#options
    const options = kind ? { binary: kind === 'binary' } : {}
    if (!(message instanceof InputFile)) return this.#stream.send(message, options)
    if (kind === 'text') await message.requireText()
    return this.#stream.sending.sendFrom(new BlobSource(message), options)
  }

  #awaitSilence(): void {
    const { wait } = this.#options
    if (this.#end || wait === undefined) return
    this.#timer = setTimeout(
      () => this.#endWith({ by: 'silence', seconds: wait }),
      Math.min(wait * 1000, LONGEST_TIMER),
    )
  }

  async #receive(): Promise<void> {
    const { asLines, output } = this.#options
    try {
      for await (const { data, eom } of this.#stream.chunks()) {
        this.#timer?.refresh()
        const isTaken = await output.write(asLines && eom ? Buffer.concat([data, LINE_END]) : data)
        if (!isTaken) return this.#endWith({ by: 'reader' })
      }
      this.#endWith({ by: 'peer' })
    } catch (failure) {
      this.#endWith({ failure })
    }
  }
}
