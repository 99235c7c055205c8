// Writes the streamtypes of a policy as TypeScript.
import type { PolicySource } from '../form/policy-source.js'
import type { Streamtype } from '../form/types.js'
import { normalizePolicy, type PolicyOptions } from './normalize-policy.js'

const HEADER = `// The streamtypes of a policy, each with the names of its metadata. Made by policyToTypes().
// openContext<Streamtypes>({ policyFile }) makes another name a compile error.
import type { Declares } from 'lws-secure-streams/policy'
`

/**
 * The TypeScript declarations of a policy: the text of a module with the type `Streamtypes`, for
 * `openContext<Streamtypes>({ policyFile })`.
 *
 * @throws PolicyError when the policy has errors
 */
export function policyToTypes(policy: PolicySource, options: PolicyOptions = {}): string {
  const { s } = normalizePolicy(policy, options)
  const members = s
    .flatMap((entry) => Object.entries(entry))
    .map(
      ([name, definition]) => `  ${propertyName(name)}: Declares<${metadataUnion(definition)}>\n`,
    )
  const body = members.length === 0 ? '{}' : `{\n${members.join('')}}`
  return `${HEADER}export type Streamtypes = ${body}\n`
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

function metadataUnion({ metadata = [], direct_proto_str }: Streamtype): string {
  const names = metadata
    .flatMap((item) => Object.keys(item))
    .map((name) => JSON.stringify(name))
    .concat(direct_proto_str === true ? [`\`\${string}:\``] : [])
  return names.join(' | ') || 'never'
}
