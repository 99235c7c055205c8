import { channels } from './channels.js'
import type { Inbox } from './inbox.js'
import { handToListeners } from './message-listeners.js'
import { NO_METADATA } from './metadata-values.js'
import { NativeFlag } from './native.js'
import type { SecureStream } from './secure-stream.js'
import { countReceived } from './stream-counters.js'

/** Payload of a stream without handlers, on its way into the stream's inbox. */
export class IncomingPayload {
  readonly #stream: SecureStream
  readonly #inbox: Inbox
  readonly #framed: boolean
  #messageBytes = 0

  constructor(stream: SecureStream, inbox: Inbox, framed: boolean) {
    this.#stream = stream
    this.#inbox = inbox
    this.#framed = framed
  }

  receive(data: Buffer, flags: number): void {
    const stream = this.#stream
    const eom = !this.#framed || (flags & NativeFlag.Eom) !== 0
    const som = !this.#framed || (flags & NativeFlag.Som) !== 0
    countReceived(stream.stats, this.#framed, data.length, flags)
    this.#messageBytes = som ? data.length : this.#messageBytes + data.length
    if (eom && channels.message.hasSubscribers)
      channels.message.publish({ stream, direction: 'received', bytes: this.#messageBytes })
    this.#inbox.push({ data, som, eom, metadata: eom ? stream.metadata : NO_METADATA })
    handToListeners(stream, this.#inbox)
  }
}
