export type { BlobName, Blobs } from './context/blobs.js'
export { Context, type ContextEvents, type ContextStats, type LogLine } from './context/context.js'
export { type ContextOptions, openContext } from './context/open-context.js'
export type { ContextOf, TypedContext, WithMetadata } from './context/typed-context.js'
export { AddonLoadError } from './errors/addon-load-error.js'
export { AllRetriesFailedError } from './errors/all-retries-failed-error.js'
export { DestroyedError } from './errors/destroyed-error.js'
export { DisconnectedError } from './errors/disconnected-error.js'
export { MqttSettingsError } from './errors/mqtt-settings-error.js'
export { NackError } from './errors/nack-error.js'
export { NotImplementedError } from './errors/not-implemented-error.js'
export { SecureStreamError } from './errors/secure-stream-error.js'
export { TimeoutError } from './errors/timeout-error.js'
export { UnreachableError } from './errors/unreachable-error.js'
export type { Chunk } from './messages/inbox.js'
export { Message } from './messages/message.js'
export type { Diagnostic, Policy, PolicyInput, PolicySource } from './policy/index.js'
export { PolicyError } from './policy/index.js'
export type { BlobLike } from './requests/blob-like.js'
export { Reply } from './requests/reply.js'
export type { RequestOptions } from './requests/request.js'
export type { AwsCredentials } from './signing/aws-credentials.js'
export type { RxFlags, StreamHandlers, TxPayload, TxRoom } from './stream/handlers.js'
export { Return, type ReturnValue } from './stream/return.js'
export { SecureStream } from './stream/secure-stream.js'
export { State, type StateName, stateCode, stateName, USER_BASE } from './stream/state.js'
export type {
  Metadata,
  SendOptions,
  StreamEvents,
  StreamOptions,
  StreamStats,
} from './stream/stream-types.js'
export type { Trust } from './trust/trust.js'
