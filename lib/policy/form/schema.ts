// The JSON Schema of policies.
import { describeKey } from '../table/describe-key.js'
import type { KeySpec, Place } from '../table/key-spec.js'
import { AUTH_TYPES, KEYS, PROTOCOL_ALIASES, PROTOCOLS } from '../table/keys.js'
import {
  FIRST_USER_STATE,
  MAX_BACKOFFS,
  MAX_METADATA_ITEMS,
  MAX_RESPMAP_ITEMS,
  MAX_STACK_CERTS,
  MAX_STREAMTYPE_BYTES,
  MAX_STRING_BYTES,
} from '../table/limits.js'

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

const WITHOUT_CONTROL_CHARACTERS = '^[^\\u0000-\\u001f\\u007f]*$'
const DIGITS = '^\\d{1,15}$'

const name = { type: 'string', minLength: 1 }
const streamtypeName = { pattern: '^[^.\\u0000-\\u001f\\u007f]+$', maxLength: MAX_STREAMTYPE_BYTES }
const base64 = { type: 'string', pattern: '^[A-Za-z0-9+/=\\s]+$' }

/** lws takes numbers in quotes too. */
const integer = (minimum: number, maximum?: number): JsonSchema => ({
  type: ['integer', 'string'],
  minimum,
  ...(maximum !== undefined && { maximum }),
  pattern: DIGITS,
})
const listOf = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  type: 'array',
  items,
  ...more,
})
/** `[{ "a": … }, { "b": … }]` */
const named = (
  value: JsonSchema,
  more: JsonSchema = {},
  names: JsonSchema = { minLength: 1 },
): JsonSchema => listOf({ type: 'object', propertyNames: names, additionalProperties: value }, more)
const definition = (place: Place): JsonSchema => ({ $ref: `#/definitions/${place}` })

const SECTIONS: Readonly<Record<string, JsonSchema>> = {
  retry: named(definition('retry')),
  certs: named(base64),
  trust_stores: listOf({
    anyOf: [
      definition('trust_store'),
      {
        type: 'object',
        additionalProperties: listOf(name, { minItems: 1, maxItems: MAX_STACK_CERTS }),
        not: { required: ['stack'] },
      },
    ],
  }),
  auth: listOf(definition('auth')),
  metrics: listOf(definition('metric')),
  s: named(definition('streamtype'), {}, streamtypeName),
}

function typeOf({ name: key, type }: KeySpec): JsonSchema {
  switch (type.kind) {
    case 'text':
      return {
        type: 'string',
        maxLength: MAX_STRING_BYTES,
        ...(type.format !== 'message' && { pattern: WITHOUT_CONTROL_CHARACTERS }),
      }
    case 'integer':
      return integer(type.min, type.saturates ? undefined : type.max)
    case 'boolean':
      return { enum: [true, false, 0] }
    case 'reference':
      return name
    case 'protocol':
      return { enum: [...PROTOCOLS, ...PROTOCOL_ALIASES.keys()] }
    case 'label':
      return { type: ['string', 'number'] }
    case 'delays':
      return listOf(integer(0, 2_147_483_647), { maxItems: MAX_BACKOFFS })
    case 'stack':
      return listOf(name, { minItems: 1, maxItems: MAX_STACK_CERTS })
    case 'metadata':
      return named(
        { type: 'string', maxLength: MAX_STRING_BYTES },
        { maxItems: MAX_METADATA_ITEMS },
      )
    case 'respmap':
      return listOf(
        {
          type: 'object',
          patternProperties: { '^[1-9]\\d{2}$': integer(FIRST_USER_STATE, 65_535) },
          additionalProperties: false,
        },
        { maxItems: MAX_RESPMAP_ITEMS },
      )
    case 'list':
      return {}
    case 'section':
      return SECTIONS[key] as JsonSchema
  }
}

function propertiesOf(spec: KeySpec): [string, JsonSchema][] {
  const type = typeOf(spec)
  const property: JsonSchema = {
    description: describeKey(spec),
    ...type,
    ...(spec.default !== undefined && { default: spec.default }),
    ...(spec.place === 'auth' && spec.name === 'type' && { examples: AUTH_TYPES }),
    ...(spec.inert !== undefined && { deprecated: true }),
  }
  const others = (spec.aliases ?? []).map((alias): [string, JsonSchema] => [
    alias,
    { description: `Another name of \`${spec.name}\`.`, ...type, deprecated: true },
  ])
  return [[spec.name, property], ...others]
}

function objectAt(place: Place): JsonSchema {
  const specs = KEYS.filter((spec) => spec.place === place)
  const required = specs.filter((spec) => spec.required === true).map((spec) => spec.name)
  return {
    type: 'object',
    properties: Object.fromEntries(specs.flatMap(propertiesOf)),
    additionalProperties: false,
    ...(required.length > 0 && { required }),
  }
}

/**
 * A JSON Schema (draft 7) of policies, for completion and hovers in editors. Overlay fragments
 * satisfy it too, so what a policy has to hold is left to {@link checkPolicy}, as is everything that
 * one key says about another.
 *
 * The package has it as a file: `lws-secure-streams/policy.schema.json`.
 */
export const policySchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Policy of libwebsockets Secure Streams',
  ...objectAt('root'),
  definitions: Object.fromEntries(
    (['retry', 'trust_store', 'auth', 'metric', 'streamtype'] as const).map((place) => [
      place,
      objectAt(place),
    ]),
  ),
}
