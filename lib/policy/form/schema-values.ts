// What the JSON Schema of policies says of the value of a key.
import type { KeySpec, Place } from '../table/key-spec.js'
import { PROTOCOL_ALIASES, PROTOCOLS } from '../table/keys.js'
import {
  FIRST_USER_STATE,
  MAX_BACKOFFS,
  MAX_METADATA_ITEMS,
  MAX_RESPMAP_ITEMS,
  MAX_STACK_CERTS,
  MAX_STREAMTYPE_BYTES,
  MAX_STRING_BYTES,
} from '../table/limits.js'
import { streamtypeSnippets } from './schema-snippets.js'

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

export const definition = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` })

/** The name of the definition of a key of streamtypes. Some spellings have a space in them. */
export const definitionOfKey = (spelling: string) => `key:${spelling.replace(/[^\w]/g, '-')}`

const name = {
  type: 'string',
  minLength: 1,
  errorMessage: 'A name in quotes is expected here.',
}
const streamtypeName = {
  pattern: '^[^.\\u0000-\\u001f\\u007f]+$',
  maxLength: MAX_STREAMTYPE_BYTES,
  patternErrorMessage:
    'The name of a streamtype has at least one character, no dot and no control character.',
}
const base64 = {
  type: 'string',
  pattern: '^[A-Za-z0-9+/=\\s]+$',
  errorMessage:
    'The base64 of DER is expected here: what is between the BEGIN and END lines of PEM.',
}

const text = (more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  maxLength: MAX_STRING_BYTES,
  errorMessage: 'Text in quotes is expected here.',
  ...more,
})

const ONE_LINE = {
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  patternErrorMessage: 'This text must have no line break and no other control character.',
}

/** lws takes numbers in quotes too. */
const integer = (minimum: number, maximum?: number): JsonSchema => ({
  type: ['integer', 'string'],
  minimum,
  ...(maximum !== undefined && { maximum }),
  pattern: '^\\d{1,15}$',
  errorMessage: `A whole number is expected here, ${maximum === undefined ? `${minimum} or more` : `from ${minimum} to ${maximum}`}.`,
})
const listOf = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  type: 'array',
  items,
  errorMessage: 'A list is expected here: [ … ].',
  ...more,
})
/** `[{ "a": … }, { "b": … }]` */
const named = (
  value: JsonSchema,
  more: JsonSchema = {},
  names: JsonSchema = { minLength: 1 },
): JsonSchema => {
  const { defaultSnippets, ...list } = more
  return listOf(
    {
      type: 'object',
      propertyNames: names,
      additionalProperties: value,
      errorMessage: 'An object is expected here: { "name": … }.',
      ...(defaultSnippets !== undefined && { defaultSnippets }),
    },
    list,
  )
}

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
  s: named(
    definition('streamtype'),
    { defaultSnippets: streamtypeSnippets('named') },
    streamtypeName,
  ),
}

/** The schema of the value that a key takes. */
export function schemaOfValue({ name: key, type }: KeySpec): JsonSchema {
  switch (type.kind) {
    case 'text':
      return text(type.format === 'message' ? {} : ONE_LINE)
    case 'integer':
      return integer(type.min, type.saturates ? undefined : type.max)
    case 'boolean':
      return { enum: [true, false, 0], errorMessage: 'true or false is expected here.' }
    case 'reference':
      return name
    case 'protocol':
      return {
        enum: [...PROTOCOLS, ...PROTOCOL_ALIASES.keys()],
        errorMessage: `The protocol is one of ${PROTOCOLS.join(', ')}.`,
      }
    case 'label':
      return { type: ['string', 'number'], errorMessage: 'Text or a number is expected here.' }
    case 'delays':
      return listOf(integer(0, 2_147_483_647), { maxItems: MAX_BACKOFFS })
    case 'stack':
      return listOf(name, { minItems: 1, maxItems: MAX_STACK_CERTS })
    case 'metadata':
      return named(text(), { maxItems: MAX_METADATA_ITEMS })
    case 'respmap':
      return listOf(
        {
          type: 'object',
          patternProperties: { '^[1-9]\\d{2}$': integer(FIRST_USER_STATE, 65_535) },
          additionalProperties: false,
          errorMessage: `A status from 100 to 999 and a state from ${FIRST_USER_STATE} are expected here: { "404": ${FIRST_USER_STATE + 404} }.`,
        },
        { maxItems: MAX_RESPMAP_ITEMS },
      )
    case 'list':
      return {}
    case 'section':
      return SECTIONS[key] as JsonSchema
  }
}

/** The names of the rows of a place, of which there are definitions. */
export type DefinedPlace = Exclude<Place, 'root'>
