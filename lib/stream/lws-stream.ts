import type { NativeStream } from '../addon/native.js'
import { checkInteger } from '../arguments.js'
import { DestroyedError } from '../errors/destroyed-error.js'
import type { Streamtype } from '../policy/types.js'
import { EndingEmitter } from './ending-emitter.js'
import { metadataValues, NO_METADATA } from './metadata-values.js'
import { checkMetadataName, metadataBytes, metadataNames } from './streamtype-traits.js'

/** What a stream has of the C API, whatever becomes of its payload. */
export class LwsStream<Name extends string = string>
  extends EndingEmitter
  implements AsyncDisposable
{
  /** The streamtype's name in the policy. */
  readonly streamtype: string
  /** @internal What the policy says of it. */
  definition: Streamtype
  readonly #native: NativeStream
  #destroyed = false
  #destroyError: Error | undefined
  #aborted: { reason: unknown } | undefined

  /** @internal */
  constructor(streamtype: string, definition: Streamtype, native: NativeStream) {
    super()
    this.streamtype = streamtype
    this.definition = definition
    this.#native = native
  }

  /** Whether the stream is destroyed. */
  get destroyed(): boolean {
    return this.#destroyed
  }

  /** The tag that libwebsockets' log lines name this stream by. */
  get tag(): string {
    return this.#native.tag()
  }

  /** The streamtype that payload is sent as, in a group that shares a ride. Specification: `rideshare`. */
  get rideshare(): string | undefined {
    return this.#native.rideshare()
  }

  /** How many bytes the peer is believed to accept at present, on protocols that say so (h2). */
  get peerTxCredit(): number {
    return this.#native.peerTxCredit()
  }

  /**
   * The values that the streamtype's metadata have at present, as text: of each name what was said last,
   * by the program or by an answer of the peer; with `direct_proto_str`, the headers of the answer as
   * well. Specification: `metadata`, `direct_proto_str`.
   */
  get metadata(): Readonly<Record<string, string>> {
    const names = metadataNames(this.definition)
    if (!this.definition.direct_proto_str) return metadataValues(this.#native, names)
    return metadataValues(this.#native, [...names, ...this.#native.answerNames()])
  }

  /** @internal What the last answer of the peer has set. */
  get answeredMetadata(): Readonly<Record<string, string>> {
    const { metadata, direct_proto_str: headers } = this.definition
    return metadata || headers
      ? metadataValues(this.#native, this.#native.answerNames())
      : NO_METADATA
  }

  /**
   * Asks for the tx handler to be called, connecting if needed: `lws_ss_request_tx()`.
   *
   * @param length - the length in bytes of the whole message that will be sent:
   *   `lws_ss_request_tx_len()`
   * @throws TypeError, RangeError for another length
   */
  requestTx(length?: number): void {
    if (length !== undefined) checkInteger('length', length, 0, 0xffffffff)
    this.#native.requestTx(length)
  }

  /**
   * Sets the value of a piece of the streamtype's metadata, for what is sent, or connected, from now on:
   * messages that `send()` was given before have what was said then. With handlers it counts at once, as
   * `lws_ss_set_metadata()` does. Specification: `metadata`.
   *
   * @param value - text is UTF-8
   * @throws {@link SecureStreamError} `ERR_SS_UNKNOWN_METADATA` when the policy does not declare it;
   *   TypeError for another value, and for one that would break the request that it goes into
   */
  setMetadata(name: Name, value: string | Uint8Array): void {
    this.#native.setMetadata(
      checkMetadataName(this.streamtype, this.definition, name),
      metadataBytes('value', this.definition, name, value),
    )
  }

  /**
   * The value of a piece of metadata, `undefined` when it has none: what was said last, by the program or
   * by an answer of the peer.
   *
   * @param encoding - `'buffer'` for the bytes. Default: `'utf8'`
   * @throws {@link SecureStreamError} `ERR_SS_UNKNOWN_METADATA` when the policy does not declare it
   */
  getMetadata(name: Name, encoding?: BufferEncoding): string | undefined
  getMetadata(name: Name, encoding: 'buffer'): Buffer | undefined
  getMetadata(name: Name, encoding: BufferEncoding | 'buffer' = 'utf8') {
    const value = this.#native.getMetadata(
      checkMetadataName(this.streamtype, this.definition, name),
    )
    return encoding === 'buffer' ? value : value?.toString(encoding)
  }

  /**
   * Makes the state `TIMEOUT` happen, unless the connection or the transaction ends before.
   * Specification: `timeout_ms`.
   *
   * @param ms - milliseconds. Default, and 0: the policy's `timeout_ms`; without that nothing
   *   happens
   * @throws TypeError, RangeError for another time
   */
  startTimeout(ms = 0): void {
    checkInteger('ms', ms, 0, 0xffffffff)
    this.#native.startTimeout(ms)
  }

  /** Undoes {@link startTimeout}. */
  cancelTimeout(): void {
    this.#native.cancelTimeout()
  }

  /**
   * Answers a transaction as a server: `lws_ss_server_ack()`. Specification: "Secure Streams SERVER
   * State lifecycle".
   *
   * @param nack - 0 accepts; otherwise the HTTP status to refuse with, up to 999. Default: 0
   * @throws TypeError, RangeError for another status
   */
  serverAck(nack = 0): void {
    checkInteger('nack', nack, 0, 999)
    this.#native.serverAck(nack)
  }

  /**
   * Lets the peer send more, on protocols with such credit (h2): `lws_ss_add_peer_tx_credit()`.
   *
   * @param bytes - how much more; what would be beyond 2,147,483,647 in all is left out
   * @throws TypeError, RangeError for another number
   */
  addPeerTxCredit(bytes: number): void {
    checkInteger('bytes', bytes, 0, 0x7fffffff)
    this.#native.addPeerTxCredit(bytes)
  }

  /** Lets the process go on running while the stream is open, which is the default. */
  ref(): this {
    this.#native.setRef(true)
    return this
  }

  /** Lets the process end although the stream is open. */
  unref(): this {
    this.#native.setRef(false)
    return this
  }

  /**
   * Destroys the stream: `lws_ss_destroy()`. Safe at any time, inside handlers too. What is pending
   * rejects with {@link DestroyedError}, whose cause is `error`.
   */
  destroy(error?: Error): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#destroyError = error ?? undefined
    this.#native.destroy()
  }

  /** @internal {@link destroy}, and what is pending rejects with `reason` itself, whatever that is. */
  abort(reason: unknown): void {
    if (this.#destroyed) return
    this.#aborted = { reason }
    this.destroy()
  }

  /** {@link destroy}, at the end of an `await using` block; settles when the stream is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy()
    await this.closed()
  }

  /** @internal libwebsockets has destroyed the stream, for `cause` if the program did not ask for it. */
  protected noteDestroyed(cause: Error | undefined): void {
    if (!this.#destroyed) this.#destroyError = cause
    this.#destroyed = true
  }

  /** @internal What a loop over messages throws at the stream's end, if anything. */
  protected get endReason(): { reason: unknown } | undefined {
    return this.#aborted ?? (this.#destroyError && { reason: this.#destroyError })
  }

  /** @internal What a promise rejects with when the stream is destroyed before it settles. */
  destroyedError(): unknown {
    if (this.#aborted) return this.#aborted.reason
    return new DestroyedError(`'${this.streamtype}'`, this.#destroyError)
  }
}
