export type { Diagnostic, Severity } from './diagnostic.js'
export type { Protocol } from './keys.js'
export { checkPolicy, normalizePolicy, overlayPolicy, type PolicyOptions } from './policy.js'
export { PolicyError } from './policy-error.js'
export { type PolicyToCOptions, policyToC } from './policy-to-c.js'
export type {
  Auth,
  Policy,
  PolicyInput,
  PolicySource,
  Retry,
  Streamtype,
  StreamtypeInput,
  TrustStore,
} from './types.js'
