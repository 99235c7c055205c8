/**
 * What knows a policy, without the addon.
 *
 * @module lws-secure-streams/policy
 */
export { checkPolicy } from './check/read-policy.js'
export { definePolicy } from './form/define-policy.js'
export type { PolicySource } from './form/policy-source.js'
export { type JsonSchema, policySchema } from './form/schema.js'
export type {
  AnyStreamtype,
  AnyStreamtypes,
  Declares,
  DefinedPolicy,
  Streamtypes,
} from './form/streamtypes.js'
export type {
  Auth,
  Metric,
  Policy,
  PolicyInput,
  Retry,
  Streamtype,
  StreamtypeInput,
  TrustStore,
} from './form/types.js'
export type { Diagnostic, Severity } from './read/diagnostic.js'
export { PolicyError } from './read/policy-error.js'
export type { Protocol } from './table/key-spec.js'
export { normalizePolicy, type PolicyOptions } from './write/normalize-policy.js'
export { overlayPolicy } from './write/overlay-policy.js'
export { type PolicyToCOptions, policyToC } from './write/policy-to-c.js'
export { policyToTypes } from './write/policy-to-types.js'
