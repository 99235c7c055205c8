/**
 * What programs get from this package.
 *
 * @module lws-secure-streams
 */
export type { BlobName, Blobs } from './context/blobs.js'
export type { CaptivePortalResult } from './context/captive-portal.js'
export { Context } from './context/context.js'
export type { ContextEvents, ContextStats, LogLine } from './context/context-types.js'
export { type ContextOptions, openContext } from './context/open-context.js'
export type { ContextOf, TypedContext, WithMetadata } from './context/typed-context.js'
export { AddonLoadError } from './errors/addon-load-error.js'
export { AllRetriesFailedError } from './errors/all-retries-failed-error.js'
export { BadRequestError } from './errors/bad-request-error.js'
export { DestroyedError } from './errors/destroyed-error.js'
export { DisconnectedError } from './errors/disconnected-error.js'
export { MqttSettingsError } from './errors/mqtt-settings-error.js'
export { NackError } from './errors/nack-error.js'
export { NotImplementedError } from './errors/not-implemented-error.js'
export {
  type Circumstances,
  type CodedError,
  SecureStreamError,
} from './errors/secure-stream-error.js'
export { TimeoutError } from './errors/timeout-error.js'
export { UnreachableError } from './errors/unreachable-error.js'
export type { BlobLike } from './messages/blob-like.js'
export type { BytesIterable } from './messages/byte-source.js'
export type { Chunk } from './messages/inbox.js'
export { Message } from './messages/message.js'
export type { Sendable } from './messages/source-of.js'
export type { Diagnostic, Policy, PolicyInput, PolicySource } from './policy/index.js'
export { PolicyError } from './policy/read/policy-error.js'
export type { RequestBody } from './requests/body.js'
export { Reply } from './requests/reply.js'
export type { RequestOperation, RequestOptions } from './requests/request.js'
export type { ServerLimits } from './serving/limits.js'
export type { ServeOptions } from './serving/serve-options.js'
export { type Clients, Server, type ServerStats } from './serving/server.js'
export type { ServeOperation } from './serving/traced-serve.js'
export { type ResponseOptions, Transaction } from './serving/transaction.js'
export type { AwsCredentials } from './signing/aws-credentials.js'
export { State, type StateName, stateCode, stateName, USER_BASE } from './state.js'
export type { RxFlags, StreamHandlers, TxPayload, TxRoom } from './streams/handlers.js'
export type { PerMessageDeflate } from './streams/per-message-deflate.js'
export { Return, type ReturnValue } from './streams/return.js'
export { SecureStream } from './streams/secure-stream.js'
export type { SendOperation } from './streams/sending.js'
export type {
  Retry,
  SendOptions,
  StreamEvents,
  StreamOptions,
  StreamStats,
} from './streams/stream-types.js'
export type { ConnectOperation } from './streams/traced-connect.js'
export type { Metadata } from './streamtypes/metadata.js'
export type { Operation, OutgoingOperation } from './streamtypes/operation.js'
export type { ClientCertificateBlob } from './trust/client-certificate.js'
export type { ServerCertificateBlob } from './trust/server-certificate.js'
export type { Trust } from './trust/trust.js'
