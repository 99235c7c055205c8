// Describes a key in Markdown.
import type { KeySpec } from './key-spec.js'
import { MAX_BACKOFFS, MAX_METADATA_ITEMS, MAX_RESPMAP_ITEMS, MAX_STACK_CERTS } from './limits.js'

/** What one key does and what counts without it, as one paragraph of Markdown. */
export function describeKey(spec: KeySpec): string {
  const { summary, type, unit, limit, inert } = spec
  if (inert !== undefined) {
    return `${summary} Without effect: ${inert}.`
  }
  const withUnit = unit === undefined ? summary : summary.replace(/\.$/, `, in ${unit}.`)
  const parts = [withUnit]
  if (type.kind === 'text' && type.expands === true) {
    parts.push(`May hold \`\${metadata}\`.`)
  }
  const range = rangeOf(spec)
  if (range !== undefined) {
    parts.push(`${range}.`)
  }
  const without = absenceOf(spec)
  if (without !== undefined) {
    parts.push(`Default: ${without}.`)
  }
  if (limit !== undefined) {
    parts.push(`${limit}.`)
  }
  return parts.join(' ')
}

/** The limits of a value, where they are none that any value of its type has. */
function rangeOf({ type }: KeySpec): string | undefined {
  switch (type.kind) {
    case 'integer':
      return type.max <= 255 ? `From ${type.min} to ${type.max}` : undefined
    case 'delays':
      return `At most ${MAX_BACKOFFS}`
    case 'stack':
      return `At most ${MAX_STACK_CERTS}`
    case 'metadata':
      return `At most ${MAX_METADATA_ITEMS}`
    case 'respmap':
      return `At most ${MAX_RESPMAP_ITEMS}`
    default:
      return undefined
  }
}

/** What counts without the key, if that can be said. */
function absenceOf({ default: value, absent }: KeySpec): string | undefined {
  return value === undefined ? absent : `\`${JSON.stringify(value)}\``
}
