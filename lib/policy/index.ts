export { definePolicy } from './define-policy.js'
export type { Diagnostic, Severity } from './diagnostic.js'
export type { Protocol } from './keys.js'
export { checkPolicy, normalizePolicy, overlayPolicy, type PolicyOptions } from './policy.js'
export { PolicyError } from './policy-error.js'
export type { PolicySource } from './policy-source.js'
export { type PolicyToCOptions, policyToC } from './policy-to-c.js'
export { policyToTypes } from './policy-to-types.js'
export { type JsonSchema, policySchema } from './schema.js'
export type {
  AnyStreamtype,
  AnyStreamtypes,
  Declares,
  DefinedPolicy,
  Streamtypes,
} from './streamtypes.js'
export type {
  Auth,
  Metric,
  Policy,
  PolicyInput,
  Retry,
  Streamtype,
  StreamtypeInput,
  TrustStore,
} from './types.js'
