export type { BlobName, Blobs } from './blobs.js'
export { Context, type ContextEvents, type ContextStats, type LogLine } from './context.js'
export { AddonLoadError } from './errors/addon-load-error.js'
export { AllRetriesFailedError } from './errors/all-retries-failed-error.js'
export { DestroyedError } from './errors/destroyed-error.js'
export { DisconnectedError } from './errors/disconnected-error.js'
export { NackError } from './errors/nack-error.js'
export { NotImplementedError } from './errors/not-implemented-error.js'
export { TimeoutError } from './errors/timeout-error.js'
export { UnreachableError } from './errors/unreachable-error.js'
export type { RxFlags, StreamHandlers, TxPayload, TxRoom } from './handlers.js'
export type { Chunk } from './inbox.js'
export { Message } from './message.js'
export { type ContextOptions, openContext } from './open-context.js'
export type { Diagnostic, Policy, PolicyInput, PolicySource } from './policy/index.js'
export { PolicyError } from './policy/index.js'
export { Reply } from './reply.js'
export type { RequestOptions } from './request.js'
export { Return, type ReturnValue } from './return.js'
export {
  type Metadata,
  SecureStream,
  type StreamEvents,
  type StreamOptions,
  type StreamStats,
} from './secure-stream.js'
export { SecureStreamError } from './secure-stream-error.js'
export { State, type StateName, stateCode, stateName, USER_BASE } from './state.js'
export type { Trust } from './trust.js'
