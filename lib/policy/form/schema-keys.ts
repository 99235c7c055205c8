// What the JSON Schema of policies says of a key: in which streamtypes it may be, and what it does.
import { describeKey } from '../table/describe-key.js'
import { isClobbering, type KeySpec, type Protocol } from '../table/key-spec.js'
import { AUTH_TYPES } from '../table/keys.js'
import { definition, definitionOfKey, type JsonSchema, schemaOfValue } from './schema-values.js'

const SPECIFICATION =
  'https://github.com/warmcat/libwebsockets/blob/v4.3.5/lib/secure-streams/README.md'
// Behind all letters, so that an editor lists it at the end.
const LAST = '~'

export type Role = 'client' | 'server'

/** The anchor of a heading, as GitHub makes it. The section of streamtypes has the second `retry`. */
function anchorOf({ place, name, heading }: KeySpec): string {
  if (place === 'streamtype' && name === 'retry') return 'retry-1'
  return (heading ?? '')
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-')
}

/** What an editor shows, in Markdown. */
function markdownOf(spec: KeySpec): string {
  const { protocols, role, heading } = spec
  const who = role === undefined ? '' : ` ${role}s`
  const restriction =
    protocols !== undefined
      ? `For${who} of ${protocols.map((one) => `\`${one}\``).join(', ')}.`
      : role && `For${who}.`
  const section =
    heading !== null && `Specification: [${heading}](${SPECIFICATION}#${anchorOf(spec)})`
  return [describeKey(spec), restriction, section].filter(Boolean).join('\n\n')
}

const plain = (markdown: string) => markdown.replaceAll('`', '')

/** A key where it belongs, under each of its spellings. */
export function schemasOfKey(spec: KeySpec): [spelling: string, schema: JsonSchema][] {
  const value = schemaOfValue(spec)
  const schema: JsonSchema = {
    description: plain(describeKey(spec)),
    markdownDescription: markdownOf(spec),
    ...value,
    ...(spec.default !== undefined && { default: spec.default }),
    ...(spec.place === 'auth' && spec.name === 'type' && { examples: AUTH_TYPES }),
    ...(spec.inert !== undefined && {
      completionDetail: 'without effect',
      suggestSortText: `${LAST}${spec.name}`,
    }),
  }
  const others = (spec.aliases ?? []).map((alias): [string, JsonSchema] => [
    alias,
    {
      description: `Another name of ${spec.name}.`,
      markdownDescription: `Another name of \`${spec.name}\`.\n\n${markdownOf(spec)}`,
      ...value,
      completionDetail: `another name of ${spec.name}`,
      suggestSortText: `${LAST}${alias}`,
    },
  ])
  return [[spec.name, schema], ...others]
}

/** What an editor says of a key that does nothing, or has a better name, by its spelling. */
export function remarksOn(spec: KeySpec): [spelling: string, remark: string][] {
  const others = (spec.aliases ?? []).map((alias): [string, string] => [
    alias,
    `"${alias}" is another name of "${spec.name}".`,
  ])
  if (spec.inert === undefined) return others
  return [[spec.name, `"${spec.name}" has no effect: ${plain(spec.inert)}.`], ...others]
}

/** Why a key has no place in a streamtype of this kind, if so. */
function misplacement(spec: KeySpec, protocol: Protocol, role: Role) {
  const { name, protocols } = spec
  if (spec.role !== undefined && spec.role !== role)
    return {
      message: `"${name}" is for a ${spec.role}, and this streamtype is a ${role}.`,
      isError: spec.union === 'trust',
    }
  if (protocols !== undefined && !protocols.includes(protocol))
    return {
      message: `"${name}" is for ${protocols.join(', ')}, and this streamtype is of ${protocol}.`,
      isError: isClobbering(spec, protocol),
    }
  return undefined
}

/** One property of the streamtypes of a kind, which refers to what is said of the key anywhere. */
export function propertyIn(
  spec: KeySpec,
  spelling: string,
  kind: { protocol: Protocol; role: Role } | undefined,
): { schema: JsonSchema; remark?: string } {
  const schema = definition(definitionOfKey(spelling))
  // Without a protocol it is h1, or a fragment that will be laid over another policy.
  const { protocol, role } = kind ?? { protocol: 'h1', role: spec.role ?? 'client' }
  const wrong = misplacement(spec, protocol, role)
  if (!wrong) return { schema }
  if (!kind) return { schema: { ...schema, doNotSuggest: true } }
  if (!wrong.isError) return { schema: { ...schema, doNotSuggest: true }, remark: wrong.message }
  // False and empty values count as none.
  const none = { enum: [false, 0, ''], errorMessage: wrong.message }
  return { schema: { doNotSuggest: true, ...none } }
}
