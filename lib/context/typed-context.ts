/** The types of a context whose streamtypes are known. */
import type { Streamtypes } from '../policy/form/streamtypes.js'
import type { Reply } from '../requests/reply.js'
import type { RequestOptions } from '../requests/request.js'
import type { ServeOptions } from '../serving/serve-options.js'
import type { Server } from '../serving/server.js'
import type { StreamHandlers } from '../streams/handlers.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { StreamOptions } from '../streams/stream-types.js'
import type { Context } from './context.js'

/** Options, with these values of metadata. */
export type WithMetadata<Options, Values> = Omit<Options, 'metadata'> & {
  /** Values of the streamtype's metadata, by name; text is UTF-8. */
  metadata?: Values
}

/**
 * A {@link Context} whose streamtypes are known to types, with the metadata of each. It is a context
 * like any other; where another name is needed, use it as `Context`.
 */
export interface TypedContext<T extends Streamtypes<T>> extends Context {
  /** As {@link Context.stream}. */
  stream<N extends keyof T & string>(
    streamtype: N,
    options?: WithMetadata<StreamOptions, T[N]['values']> & StreamHandlers<T[N]['names']>,
  ): SecureStream<T[N]['names']>
  /** As {@link Context.serve}. */
  serve<N extends keyof T & string>(
    streamtype: N,
    options: ServeOptions<T[N]['names']>,
  ): Promise<Server<T[N]['names']>>
  /** As {@link Context.request}. */
  request<N extends keyof T & string>(
    streamtype: N,
    options?: WithMetadata<RequestOptions, T[N]['values']>,
  ): Promise<Reply>
}

/** The context of a policy that declares `T`. */
export type ContextOf<T extends Streamtypes<T>> = string extends keyof T ? Context : TypedContext<T>
