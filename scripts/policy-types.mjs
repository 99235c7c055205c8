// The TypeScript types of a policy, from the table of keys.

const INTERFACES = {
  retry: ['Retry', 'A retry and backoff scheme (spec: `retry`).'],
  trust_store: ['TrustStore', 'A named chain of certificates (spec: `trust_stores`).'],
  auth: ['Auth', 'A named authentication scheme (spec: `auth`).'],
  metric: ['Metric', 'How metrics are to be reported; without effect.'],
  streamtype: [
    'Streamtype',
    'A streamtype in normal form. Specification: `s`, and below it each key under its own name.',
  ],
}

const NAMED = (type) => `readonly Readonly<Record<string, ${type}>>[]`

const SECTIONS = {
  retry: () => NAMED('Retry'),
  certs: () => NAMED('string'),
  trust_stores: ({ input }) =>
    input
      ? 'readonly (TrustStore | Readonly<Record<string, readonly string[]>>)[]'
      : 'readonly TrustStore[]',
  auth: () => 'readonly Auth[]',
  metrics: () => 'readonly Metric[]',
  s: ({ input }) => NAMED(input ? 'StreamtypeInput' : 'Streamtype'),
}

const TYPES = {
  text: () => 'string',
  reference: () => 'string',
  integer: () => 'number',
  boolean: () => 'boolean',
  label: () => 'string | number',
  protocol: ({ input, aliases }) =>
    ['Protocol', ...(input ? aliases.map((name) => `'${name}'`) : [])].join(' | '),
  delays: () => 'readonly number[]',
  stack: () => 'readonly string[]',
  metadata: () => NAMED('string'),
  respmap: ({ input }) => NAMED(input ? 'number | string' : 'number'),
  list: () => 'readonly unknown[]',
}

const HEADER = `// Made by \`npm run generate\` from the table in table/keys.ts; changes belong there.
import type { Protocol } from '../table/key-spec.js'
`

/** The text of lib/policy/form/types.ts. */
export function policyTypes({ KEYS, PROTOCOL_ALIASES }, describeKey) {
  const aliases = [...PROTOCOL_ALIASES.keys()]
  const typeOf = ({ name, type }, input) =>
    (type.kind === 'section' ? SECTIONS[name] : TYPES[type.kind])({ input, aliases })
  const isNormal = ({ inert, normal }) => inert === undefined && normal !== false
  const at = (place) => KEYS.filter((spec) => spec.place === place)

  const member = (name, isOptional, type, description) =>
    `${comment(description, '  ')}
  ${/^[\w$]+$/.test(name) ? name : `'${name}'`}${isOptional ? '?' : ''}: ${type}`
  const memberOf = (spec, input, isOptional = !spec.required) =>
    member(spec.name, isOptional, typeOf(spec, input), describeKey(spec))
  const otherNames = (spec) =>
    (spec.aliases ?? []).map((alias) =>
      member(alias, true, typeOf(spec, true), `Another name of \`${spec.name}\`.`),
    )
  const interfaceOf = (name, description, members, base = '') =>
    `${comment(description)}\nexport interface ${name} ${base}{\n${members.join('\n')}\n}\n`

  const isWider = (spec) => isNormal(spec) && typeOf(spec, true) !== typeOf(spec, false)
  const wider = at('streamtype')
    .filter(isWider)
    .map(({ name }) => `'${name}'`)
    .join(' | ')
  const inputMembers = at('streamtype').flatMap((spec) => [
    ...(isNormal(spec) && !isWider(spec) ? [] : [memberOf(spec, true)]),
    ...otherNames(spec),
  ])
  const normalMembers = (place) =>
    at(place)
      .filter(isNormal)
      .map((spec) => memberOf(spec, false))

  return [
    HEADER,
    ...Object.entries(INTERFACES).map(([place, [name, description]]) =>
      interfaceOf(name, description, normalMembers(place)),
    ),
    interfaceOf(
      'StreamtypeInput',
      'A streamtype as people write it: the normal form, and the other spellings in the spec.',
      inputMembers,
      `extends Omit<Streamtype, ${wider}> `,
    ),
    interfaceOf(
      'Policy',
      'A policy in normal form, as {@link normalizePolicy} returns it: one shape, every section there.\n\nSpecification: "JSON Policy Database".',
      at('root')
        .filter(isNormal)
        .map((spec) => memberOf(spec, false, spec.type.kind !== 'section')),
    ),
    interfaceOf(
      'PolicyInput',
      'A policy as people write it. Specification: "JSON Policy Database".',
      at('root').map((spec) => memberOf(spec, true)),
    ),
  ].join('\n')
}

const WIDTH = 100

/** A TSDoc comment of paragraphs, folded to the width of the source. */
function comment(text, indent = '') {
  const oneLine = `${indent}/** ${text} */`
  if (oneLine.length <= WIDTH && !text.includes('\n')) return oneLine
  const lines = text.split('\n').flatMap((line) => fold(line, WIDTH - indent.length - 3))
  return [
    `${indent}/**`,
    ...lines.map((line) => `${indent} * ${line}`.trimEnd()),
    `${indent} */`,
  ].join('\n')
}

function fold(text, width) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
