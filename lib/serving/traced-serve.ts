/** Tells the tracing channel of one request to a server. */
import { tracing } from '../channels.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { Operation } from '../streamtypes/operation.js'
import type { RequestHead } from './request-head.js'
import type { Transaction } from './transaction.js'

/**
 * What the tracing channel `lws-secure-streams:serve` tells of a request: until its response is sent; of
 * an upgrade to ws, until that is made.
 */
export interface ServeOperation extends Operation {
  /** The `SecureStream` of the client. */
  readonly stream: object
  /** The method of the request. */
  readonly method: string
  /** The path and the query, as they came. */
  readonly url: string
  /** The headers of the request. */
  readonly headers: Headers
  /** The address of the client; `undefined` on a Unix socket. */
  readonly remoteAddress: string | undefined
  /** The `Transaction` that the handler has; not with an upgrade. */
  readonly transaction?: Transaction
  /** The status of the response; 101 of an upgrade. */
  status?: number
}

/** One request to a server. */
export class TracedServe {
  readonly #operation: ServeOperation

  /** Nothing while nobody subscribes. */
  static of(
    stream: SecureStream,
    endpoint: () => string,
    head: RequestHead,
    transaction?: Transaction,
  ): TracedServe | undefined {
    if (!tracing.serve.hasSubscribers) return undefined
    return new TracedServe({
      streamtype: stream.streamtype,
      protocol: stream.life.kind.protocol,
      endpoint: endpoint(),
      stream,
      method: head.method,
      url: head.target,
      headers: transaction?.headers ?? head.headers(),
      remoteAddress: stream.remoteAddress,
      ...(transaction && { transaction }),
    })
  }

  private constructor(operation: ServeOperation) {
    this.#operation = operation
  }

  /** Calls the program's handler, which is in the asynchronous context that subscribers have given. */
  run(handle: () => void): void {
    tracing.serve.start.runStores(this.#operation, handle)
    tracing.serve.end.publish(this.#operation)
  }

  failed(error: unknown): void {
    this.#operation.error = error
    tracing.serve.error.publish(this.#operation)
  }

  answered(status: number | undefined): void {
    if (status !== undefined) this.#operation.status = status
    tracing.serve.asyncStart.publish(this.#operation)
    tracing.serve.asyncEnd.publish(this.#operation)
  }
}
