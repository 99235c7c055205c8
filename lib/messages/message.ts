/** A message that was received. */
import type { Published } from '../addon/targets.js'
import type { ReceivedChunk } from './inbox.js'

/** The bytes of `chunks`: without a copy when they lie behind each other. */
function joined(chunks: readonly ReceivedChunk[]): Buffer {
  const first = (chunks[0] as ReceivedChunk).data
  if (chunks.length === 1) return first
  const { buffer, byteOffset } = first
  let length = 0
  for (const { data } of chunks) {
    if (data.buffer !== buffer || data.byteOffset !== byteOffset + length)
      return Buffer.concat(chunks.map(({ data }) => data))
    length += data.length
  }
  return Buffer.from(buffer, byteOffset, length)
}

/** One whole message, with the metadata that came with it. */
export class Message {
  /** The payload. */
  readonly data: Buffer
  /**
   * The metadata that came with it, as text: what the headers of the answer have set, on `ws` those of
   * the answer to the upgrade. Specification: `metadata`.
   */
  readonly metadata: Readonly<Record<string, string>>
  /** Whether it is a binary message of `ws`; a text is not, and those of other protocols are neither. */
  readonly binary: boolean
  /** On `mqtt`, the topic that it was published to; `undefined` on other protocols. */
  readonly topic: string | undefined
  /**
   * On `mqtt`, the quality of service that the broker sent it with: the lower of those that it was
   * published and subscribed to with; `undefined` on other protocols.
   */
  readonly qos: 0 | 1 | 2 | undefined
  /**
   * On `mqtt`, whether the broker had kept it for those who subscribe later (RETAIN), so that it may have
   * been published long ago; `undefined` on other protocols. Some brokers leave it set on what was just
   * published.
   */
  readonly retain: boolean | undefined

  /** @internal Streams make them. */
  constructor(
    data: Buffer,
    metadata: Readonly<Record<string, string>>,
    binary: boolean,
    published?: Published,
  ) {
    this.data = data
    this.metadata = metadata
    this.binary = binary
    this.topic = published?.topic
    this.qos = published?.qos
    this.retain = published?.retain
  }

  /** @internal The message that `chunks`, of which there is one at least, make up. */
  static of(chunks: readonly ReceivedChunk[]): Message {
    const last = chunks.at(-1) as ReceivedChunk
    return new Message(joined(chunks), last.metadata, last.binary ?? false, last.published)
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
