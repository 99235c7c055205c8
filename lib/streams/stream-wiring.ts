/** What a stream is made from, and those who open streams. */
import type { NativeStream } from '../addon/native.js'
import type { HandlerTarget } from '../addon/targets.js'
import type { Kind } from '../streamtypes/kind.js'
import type { StreamHandlers } from './handlers.js'
import type { SecureStream } from './secure-stream.js'
import type { StreamOptions } from './stream-types.js'

/** Where a stream writes its lines. */
export interface StreamLog {
  /** Whether anybody wants lines that are no warnings. */
  readonly isWanted: boolean
  notice(text: string): void
  warn(text: string): void
  /** Warns of options that `send()` does not have. */
  unknownOptions(call: 'send', options: object): void
}

/** What a stream is made from. */
export class StreamWiring {
  /** Made, and not open yet. */
  readonly native: NativeStream
  readonly kind: Kind
  readonly log: StreamLog
  /**
   * Makes the native stream exist, of which `handlers` or, without them, its `events` are told from then
   * on; `CREATING` may be told before this returns.
   *
   * @throws SecureStreamError `ERR_SS_CREATE`
   */
  readonly open: (handlers: HandlerTarget | undefined) => void

  constructor(
    native: NativeStream,
    kind: Kind,
    log: StreamLog,
    open: (handlers: HandlerTarget | undefined) => void,
  ) {
    this.native = native
    this.kind = kind
    this.log = log
    this.open = open
  }
}

/** Opens streams by a policy. */
export interface StreamOpener {
  /** @throws SecureStreamError `ERR_SS_UNKNOWN_STREAMTYPE` */
  kindOf(streamtype: string): Kind
  /** @throws what `context.stream()` throws */
  open(kind: Kind, options?: StreamOptions, handlers?: StreamHandlers): SecureStream
}
