import type { ReceivedChunk } from './inbox.js'

/** One whole message, with the metadata that came with it. */
export class Message {
  /** The payload. */
  readonly data: Buffer
  /** The stream's metadata when the message was complete, as text. Specification: `metadata`. */
  readonly metadata: Readonly<Record<string, string>>

  constructor(data: Buffer, metadata: Readonly<Record<string, string>>) {
    this.data = data
    this.metadata = metadata
  }

  /** @internal The message that `chunks`, of which there is one at least, make up. */
  static of(chunks: readonly ReceivedChunk[]): Message {
    const last = chunks.at(-1) as ReceivedChunk
    const data = chunks.length === 1 ? last.data : Buffer.concat(chunks.map(({ data }) => data))
    return new Message(data, last.metadata)
  }

  /** The payload as UTF-8 text. */
  text(): string {
    return this.data.toString('utf8')
  }

  /**
   * The payload parsed as JSON.
   *
   * @throws SyntaxError when it is not JSON.
   */
  json(): unknown {
    return JSON.parse(this.text())
  }
}
