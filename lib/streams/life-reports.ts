/** What is told of a stream's life to those who look after a program: the log, and traced connections. */
import type { NativeStream } from '../addon/native.js'
import { tracing } from '../channels.js'
import type { StateName } from '../state.js'
import type { StreamLife } from './life.js'
import { stateLine, streamName } from './state-line.js'
import type { StreamLog } from './stream-wiring.js'
import { TracedConnect } from './traced-connect.js'

/** Tells the log and the tracing channel of one stream's connections. */
export class LifeReports {
  readonly #stream: object
  readonly #native: NativeStream
  readonly #log: StreamLog
  #connect: TracedConnect | undefined
  #name: string | undefined

  constructor(stream: object, native: NativeStream, log: StreamLog) {
    this.#stream = stream
    this.#native = native
    this.#log = log
  }

  /** A connection is about to be made; `isMessage`: for a message, whose transaction it is. */
  connecting({ kind }: StreamLife, isMessage: boolean): void {
    if (!tracing.connect.hasSubscribers || this.#connect || !kind.connects) return
    this.#connect = new TracedConnect(this.#stream, this.#native, kind, isMessage)
  }

  attempted(): void {
    this.#connect?.attempted()
  }

  connected(): void {
    this.#connect?.connected()
    this.#connect = undefined
  }

  /** Whether somebody is to hear why there is no connection; an error takes long to make. */
  get isConnecting(): boolean {
    return this.#connect !== undefined
  }

  failed(reason: unknown): void {
    const connect = this.#connect
    this.#connect = undefined
    connect?.failed(reason)
  }

  state(life: StreamLife, state: StateName | number): void {
    if (this.#log.isWanted) this.#tell(life, stateLine(life, state))
  }

  retries(life: StreamLife, delay: number): void {
    if (this.#log.isWanted) this.#tell(life, `tries again in ${delay} ms`)
  }

  #tell({ kind }: StreamLife, line: string | undefined): void {
    // One that is destroyed has no tag any more.
    this.#name ??= streamName(kind.name, this.#native.tag())
    if (line) this.#log.notice(`${this.#name ?? kind.name} ${line}`)
  }
}
