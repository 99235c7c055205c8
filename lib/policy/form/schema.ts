// The JSON Schema of policies.
import type { KeySpec, Place, Protocol } from '../table/key-spec.js'
import { KEYS, PROTOCOL_ALIASES, PROTOCOLS } from '../table/keys.js'
import { propertyIn, type Role, remarksOn, schemasOfKey } from './schema-keys.js'
import { POLICY_SNIPPET, streamtypeSnippets } from './schema-snippets.js'
import { type DefinedPlace, definition, definitionOfKey, type JsonSchema } from './schema-values.js'

export type { JsonSchema } from './schema-values.js'

const ROLES: readonly Role[] = ['client', 'server']
const OBJECT_EXPECTED = 'An object is expected here: { … }.'

const at = (place: Place) => KEYS.filter((spec) => spec.place === place)
const spellings = ({ name, aliases = [] }: KeySpec) => [name, ...aliases]
// No spelling that there is has a sign of patterns in it.
const exactly = (spelling: string) => `^${spelling}$`

/**
 * What an editor strikes through. It is apart from the properties, which are offered all the same: an editor
 * looks for patterns where there is no property.
 */
function remarksIn(remarks: readonly (readonly [spelling: string, remark: string])[]): JsonSchema {
  if (remarks.length === 0) return {}
  const patterns = remarks.map(([spelling, deprecationMessage]) => [
    exactly(spelling),
    { deprecated: true, deprecationMessage },
  ])
  return { allOf: [{ type: 'object', patternProperties: Object.fromEntries(patterns) }] }
}

function objectAt(place: Place): JsonSchema {
  const specs = at(place)
  const required = specs.filter((spec) => spec.required === true).map((spec) => spec.name)
  return {
    type: 'object',
    properties: Object.fromEntries(specs.flatMap(schemasOfKey)),
    ...remarksIn(specs.flatMap(remarksOn)),
    additionalProperties: false,
    ...(required.length > 0 && { required }),
  }
}

/** The streamtypes of one protocol and role; without these, of those that do not say. */
function streamtypesOf(kind?: { protocol: Protocol; role: Role }): JsonSchema {
  const properties: [string, JsonSchema][] = []
  const remarks: [string, string][] = []
  for (const spec of at('streamtype')) {
    const usual = new Map(remarksOn(spec))
    for (const spelling of spellings(spec)) {
      const { schema, remark = usual.get(spelling) } = propertyIn(spec, spelling, kind)
      properties.push([spelling, schema])
      if (remark !== undefined) remarks.push([spelling, remark])
    }
  }
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...remarksIn(remarks),
    additionalProperties: false,
  }
}

const spellingsOf = (protocol: Protocol) => [
  protocol,
  ...[...PROTOCOL_ALIASES].flatMap(([alias, meant]) => (meant.protocol === protocol ? alias : [])),
]
const isServer = { type: 'object', properties: { server: { const: true } }, required: ['server'] }

const kinds = PROTOCOLS.flatMap((protocol) => ROLES.map((role) => ({ protocol, role })))

/** Which of {@link streamtypesOf} counts. */
const streamtype: JsonSchema = {
  type: 'object',
  errorMessage: OBJECT_EXPECTED,
  defaultSnippets: streamtypeSnippets('value'),
  properties: { protocol: definition(definitionOfKey('protocol')) },
  allOf: [
    ...kinds.map(({ protocol, role }) => ({
      if: {
        type: 'object',
        properties: { protocol: { enum: spellingsOf(protocol) } },
        required: ['protocol'],
        ...(role === 'server' ? { allOf: [isServer] } : { not: isServer }),
      },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: definition(`${protocol}:${role}`),
    })),
    {
      if: { type: 'object', not: { required: ['protocol'] } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: definition('fragment'),
    },
  ],
}

const places: readonly DefinedPlace[] = ['retry', 'trust_store', 'auth', 'metric']

/**
 * A JSON Schema (draft 7) of policies, for completion, snippets and hovers in editors, with the keywords
 * that VS Code adds to JSON Schema. Each streamtype may have the keys of its protocol and role. Overlay
 * fragments satisfy it too, so what a policy has to hold is left to {@link checkPolicy}, as is everything
 * else that one key says about another.
 *
 * The package has it as a file: `lws-secure-streams/policy.schema.json`.
 */
export const policySchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:lws-secure-streams:policy',
  title: 'Policy of libwebsockets Secure Streams',
  ...objectAt('root'),
  defaultSnippets: [POLICY_SNIPPET],
  definitions: {
    ...Object.fromEntries(places.map((place) => [place, objectAt(place)])),
    ...Object.fromEntries(
      at('streamtype')
        .flatMap(schemasOfKey)
        .map(([spelling, schema]) => [definitionOfKey(spelling), schema]),
    ),
    ...Object.fromEntries(
      kinds.map((kind) => [`${kind.protocol}:${kind.role}`, streamtypesOf(kind)]),
    ),
    fragment: streamtypesOf(),
    streamtype,
  },
}
