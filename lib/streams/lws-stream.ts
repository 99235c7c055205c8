/** The part of a stream that does not deal with payload. */
import { X509Certificate } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { NativeStream } from '../addon/native.js'
import { checkInteger } from '../arguments.js'
import { metadataValues } from '../streamtypes/metadata-values.js'
import { StreamLife } from './life.js'
import type { StreamEvents } from './stream-types.js'
import type { StreamWiring } from './stream-wiring.js'

/** A stream without its payload. */
export class LwsStream<Name extends string = string>
  extends EventEmitter<StreamEvents>
  implements AsyncDisposable
{
  /** The streamtype's name in the policy. */
  readonly streamtype: string
  /** @internal What {@link serverAck} was given last, and no response has taken. */
  nackStatus = 0
  readonly #native: NativeStream
  readonly #life: StreamLife

  /** @internal */
  constructor({ native, kind, log }: StreamWiring, hasHandlers: boolean) {
    super()
    this.streamtype = kind.name
    this.#native = native
    this.#life = new StreamLife(native, kind, this, log, hasHandlers)
  }

  /** @internal */
  get life(): StreamLife {
    return this.#life
  }

  /** Whether the stream is destroyed. */
  get destroyed(): boolean {
    return this.#life.destroyed
  }

  /** The tag that libwebsockets' log lines name this stream by. */
  get tag(): string {
    return this.#native.tag()
  }

  /**
   * The address of the other end of the connection, as `node:net` calls it; `undefined` without a
   * connection, and for Unix sockets. On h2 and mqtt several streams share a connection.
   */
  get remoteAddress(): string | undefined {
    return this.#native.peer()?.[0]
  }

  /** The port of the other end of the connection, as {@link remoteAddress} has its address. */
  get remotePort(): number | undefined {
    return this.#native.peer()?.[1]
  }

  /**
   * The certificate that the other end of the connection has shown, and which was found to be good:
   * that of a server, or that of a client that `serve()` was told to ask with `requestCert`. `undefined`
   * without a connection, without TLS, and for a client that showed none, or none that is vouched for.
   */
  get peerCertificate(): X509Certificate | undefined {
    const der = this.#native.peerCertificate()
    return der && new X509Certificate(der)
  }

  /**
   * The version of TLS that the connection has, as `node:tls` calls it, such as `'TLSv1.3'`; `undefined`
   * without a connection, and without TLS.
   */
  get tlsVersion(): string | undefined {
    return this.#native.tls()?.[0]
  }

  /**
   * The protocol that the two ends have agreed on by ALPN, such as `'h2'` or `'http/1.1'`; `undefined`
   * without a connection, without TLS, and where they have not.
   */
  get alpn(): string | undefined {
    return this.#native.tls()?.[1] || undefined
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
    const { metadataNames, takesHeaders } = this.#life.kind
    const names = takesHeaders ? [...metadataNames, ...this.#native.answerNames()] : metadataNames
    return metadataValues(this.#native, names)
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
      this.#life.kind.checkMetadataName(name),
      this.#life.kind.metadataBytes('value', name, value),
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
    const value = this.#native.getMetadata(this.#life.kind.checkMetadataName(name))
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
    this.nackStatus = nack
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
    this.#life.destroy(error)
  }

  /** {@link destroy}, at the end of an `await using` block; settles when the stream is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy()
    await this.#life.closed()
  }
}
