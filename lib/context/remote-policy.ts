/** The fetch of the policy that takes the place of a context's own. */
import { NackError } from '../errors/nack-error.js'
import { PolicyError } from '../policy/read/policy-error.js'
import type { Reply } from '../requests/reply.js'
import { Transaction } from '../requests/transaction.js'
import type { SecureStream } from '../streams/secure-stream.js'

/** No policy is larger than this; an endless answer must not fill the memory. */
const MAX_BYTES = 16 * 1024 * 1024

/** What {@link RemotePolicy} needs of a context. */
export interface RemotePolicyHost {
  /** Opens a stream of the streamtype `fetch_policy`. */
  open(): SecureStream
  /** Checks the policy and goes by it from now on. */
  succeed(policy: Buffer): void
}

/**
 * Fetches the policy that takes the place of a context's own. Specification: "Loading and using updated
 * remote policy".
 */
export class RemotePolicy {
  readonly #host: RemotePolicyHost
  #running: { stream: SecureStream; done: Promise<void> } | undefined

  constructor(host: RemotePolicyHost) {
    this.#host = host
  }

  /** Fetches and applies it, or waits for the fetch that is going on. */
  refresh(): Promise<void> {
    if (this.#running) {
      this.#running.stream.ref()
      return this.#running.done
    }
    let stream: SecureStream
    try {
      stream = this.#host.open()
    } catch (error) {
      return Promise.reject(error)
    }
    const done = this.#fetch(stream).finally(() => {
      this.#running = undefined
    })
    this.#running = { stream, done }
    return done
  }

  /** Lets the process end although a fetch is going on. */
  unref(): void {
    this.#running?.stream.unref()
  }

  async #fetch(stream: SecureStream): Promise<void> {
    const reply = await new Transaction(stream, {}).reply
    const policy = await contentOf(reply)
    const { attempt, head } = stream.life
    const circumstances = { ...attempt.circumstances, status: head?.status }
    if (!reply.acked) throw new NackError(circumstances, reply.state)
    this.#host.succeed(policy)
  }
}

async function contentOf(reply: Reply): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of reply.body) {
    bytes += piece.length
    if (bytes > MAX_BYTES) {
      const message = `the answer is larger than ${MAX_BYTES} bytes, which no policy is`
      throw new PolicyError([{ severity: 'error', code: 'too-large', message, path: '' }])
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
