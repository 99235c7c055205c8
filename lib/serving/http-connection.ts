/** What happens on a connection of http that a server has accepted. */
import type { NativeStream } from '../addon/native.js'
import type {
  Failure,
  LifeTarget,
  Piece,
  ReceivingTarget,
  SendingTarget,
  StreamEventTarget,
} from '../addon/targets.js'
import { BadRequestError } from '../errors/bad-request-error.js'
import { headersOf } from '../messages/answer-head.js'
import type { StateName } from '../state.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { StreamLog } from '../streams/stream-wiring.js'
import { callBack } from './call-back.js'
import { RequestHead } from './request-head.js'
import { TracedServe } from './traced-serve.js'
import { TOO_EARLY, Transaction } from './transaction.js'

/** What the program has done with what comes. */
export interface HttpCallbacks<Name extends string> {
  readonly transaction: ((transaction: Transaction<Name>) => unknown) | undefined
  readonly upgrade: ((stream: SecureStream<Name>) => unknown) | undefined
  /** Where the server listens. */
  readonly endpoint: () => string
  readonly log: StreamLog
}

/** Makes transactions of the requests, one after the other, until the connection is upgraded. */
export class HttpConnection<Name extends string = string>
  implements StreamEventTarget, LifeTarget, ReceivingTarget
{
  readonly #native: NativeStream
  readonly #stream: SecureStream<Name>
  readonly #callbacks: HttpCallbacks<Name>
  #head: RequestHead | undefined
  #transaction: Transaction<Name> | undefined
  #onAsked: ((isAsked: boolean) => void) | undefined

  constructor(native: NativeStream, stream: SecureStream<Name>, callbacks: HttpCallbacks<Name>) {
    this.#native = native
    this.#stream = stream
    this.#callbacks = callbacks
    native.events = this
  }

  // Itself, since there may be thousands of connections.
  get life(): LifeTarget {
    return this
  }

  get receiving(): ReceivingTarget {
    return this
  }

  get sending(): SendingTarget {
    return this.#stream.sending
  }

  state(state: StateName | number, ordinal: number): void {
    const { life } = this.#stream
    if (state === 'DISCONNECTED' || state === 'DESTROYING') {
      this.#over('by the client, before the transaction was complete')
      this.#onAsked?.(false)
    }
    if (state === 'SERVER_UPGRADE') {
      this.#native.events = this.#stream
      life.upgrade(life.kind.upgraded)
    }
    life.state(state, ordinal)
    if (state === 'SERVER_TXN') this.#begin()
    if (state === 'SERVER_UPGRADE') this.#upgraded()
    if (state === 'SERVER_TXN' || state === 'SERVER_UPGRADE') this.#onAsked?.(true)
  }

  failed(failure: Failure): void {
    this.#stream.life.failed(failure)
  }

  answerBegins(head: string, hasBody: number): void {
    this.#head = new RequestHead(head, hasBody === 1)
  }

  retries(): void {}

  answerTrails(fields: string): void {
    if (this.#transaction) this.#transaction.receivedTrailers = headersOf(fields)
  }

  received(data: Buffer, { eom }: Piece): void {
    this.#transaction?.received(data, eom)
  }

  published(): void {}

  performance(): void {}

  ended(): void {}

  /** The request that is there is the last one: settles when the connection has ended behind its response. */
  async last(): Promise<void> {
    const { life } = this.#stream
    const isIdle = !this.#transaction || (this.#transaction.isEnded && life.outbox.size === 0)
    if (isIdle || !life.kind.isTransactional) return
    this.#native.stopListening()
    await life.closed()
  }

  /** Settles at the next request, with true; when the connection is over, or so many milliseconds are. */
  asks(patience: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), patience)
      this.#onAsked = (isAsked) => {
        clearTimeout(timer)
        resolve(isAsked)
      }
    })
  }

  #over(reason: string): void {
    this.#transaction?.over(reason)
    this.#transaction = undefined
  }

  #begin(): void {
    const head = this.#head
    if (!head) return
    this.#head = undefined
    this.#over(TOO_EARLY)
    const transaction = new Transaction(this.#native, this.#stream, head)
    this.#transaction = transaction
    // Its client hears of a failure as far as it still can.
    const isEnd = (error: unknown) => transaction.isEnd(error)
    const { transaction: handler = notFound, endpoint, log } = this.#callbacks
    const traced = TracedServe.of(this.#stream, endpoint, head, transaction)
    const handle = () =>
      callBack(handler, transaction, isEnd, (error) => {
        traced?.failed(error)
        const status = error instanceof BadRequestError ? error.status : 500
        if (transaction.canFail) transaction.nack(undefined, { status }).end()
        else if (!transaction.isEnded) this.#stream.destroy(error as Error)
      })
    if (traced || log.isWanted) {
      const { method, url, remoteAddress = 'a client', stream } = transaction
      transaction.whenOver((error) => {
        const end = error ? `failed: ${(error as Error).message}` : String(transaction.status)
        log.notice(`${stream.streamtype} answers ${method} ${url} of ${remoteAddress}: ${end}`)
        if (error) traced?.failed(error)
        traced?.answered(transaction.status)
      })
    }
    if (traced) traced.run(handle)
    else handle()
  }

  #upgraded(): void {
    const head = this.#head
    this.#head = undefined
    const { upgrade, endpoint } = this.#callbacks
    const stream = this.#stream
    const traced = head && TracedServe.of(stream, endpoint, head)
    const isEnd = (error: unknown) => stream.life.isEnd(error)
    const handle = () => {
      if (!upgrade) return
      callBack(upgrade, stream, isEnd, (error) => stream.destroy(error as Error))
    }
    if (traced) traced.run(handle)
    else handle()
    traced?.answered(101)
  }
}

function notFound(transaction: Transaction): void {
  transaction.nack().end()
}
