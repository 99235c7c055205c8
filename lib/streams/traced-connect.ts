/** Tells the tracing channel of one connection that is being made. */
import type { NativeStream } from '../addon/native.js'
import { tracing } from '../channels.js'
import type { Kind } from '../streamtypes/kind.js'
import {
  type OutgoingOperation,
  outgoingOperation,
  tracedMetadata,
} from '../streamtypes/operation.js'

/** What the tracing channel `lws-secure-streams:connect` tells: from the first attempt to the last. */
export interface ConnectOperation extends OutgoingOperation {
  /** The `SecureStream`. */
  readonly stream: object
  /** How many attempts there have been. */
  attempts: number
}

/** One connection that is being made. */
export class TracedConnect {
  readonly #operation: ConnectOperation

  /** @param isMessage - whether it is the transaction of a message, which has metadata of its own */
  constructor(stream: object, native: NativeStream, kind: Kind, isMessage: boolean) {
    const operation = { ...outgoingOperation(kind), stream, attempts: 0 }
    if (isMessage) operation.metadataNames = []
    this.#operation = operation
    tracing.connect.start.runStores(operation, () => {
      if (isMessage) return
      try {
        const metadata = tracedMetadata(operation, kind)
        for (const [name, value] of Object.entries(metadata))
          native.setMetadata(name, kind.metadataBytes('metadata', name, value))
      } catch (error) {
        // What a subscriber has said is no fault of who connects; Node tells what subscribers throw so, too.
        process.nextTick(() => {
          throw error
        })
      }
    })
    tracing.connect.end.publish(operation)
  }

  attempted(): void {
    this.#operation.attempts++
  }

  connected(): void {
    tracing.connect.asyncStart.publish(this.#operation)
    tracing.connect.asyncEnd.publish(this.#operation)
  }

  failed(error: unknown): void {
    this.#operation.error = error
    tracing.connect.error.publish(this.#operation)
    this.connected()
  }
}
