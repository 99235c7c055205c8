// The reference of policy keys, docs/policy-keys.md, from the table of keys.

const PLACES = [
  ['root', 'The top of a policy', ''],
  ['retry', 'Retry schemes', 'retry[].*.'],
  ['trust_store', 'Trust stores', 'trust_stores[].'],
  ['auth', 'Authentication schemes', 'auth[].'],
  ['streamtype', 'Streamtypes: every protocol', '', (group) => group === 'any'],
  ['streamtype', 'Streamtypes: HTTP', '', (group) => group === 'http'],
  ['streamtype', 'Streamtypes: WebSocket', '', (group) => group === 'ws'],
  ['streamtype', 'Streamtypes: MQTT', '', (group) => group === 'mqtt'],
  ['metric', 'Metrics', 'metrics[].'],
]

const INTRODUCTION = `# Policy keys

This page lists every key of a policy: where it is used, which values it takes, and its default. Other keys are
ignored, with a warning.

An editor such as VS Code offers the keys of a streamtype's protocol, explains them, marks mistakes, and inserts a
streamtype of each protocol. To use this, name the schema in the policy:

\`\`\`json
{
  "$schema": "./node_modules/lws-secure-streams/dist/policy/policy.schema.json"
}
\`\`\`

\`import { policySchema } from 'lws-secure-streams/policy'\` imports the same schema in a program.

Numbers can be in quotes. Text has at most 253 bytes of UTF-8, without control characters. "Build" names the option
of libwebsockets that a key needs; the addon of this package has all of them.
`

const names = (table) => `## Names

The name of a streamtype has at most ${table.MAX_STREAMTYPE_BYTES} bytes and no dot. For a Secure Streams proxy,
the limit is ${table.MAX_PROXIED_STREAMTYPE_BYTES} bytes.

The name of metadata, the name of its streamtype and \`s[]..metadata[].\` have at most ${table.MAX_JSON_PATH_BYTES}
bytes together. A name that is used in \`\${…}\` has at most ${table.MAX_SUBSTITUTED_NAME_BYTES} bytes; for a
proxy, the limit is ${table.MAX_PROXIED_METADATA_BYTES}.

Other names have no limit: libwebsockets gets shorter ones in their place.
`

/** The text of docs/policy-keys.md. */
export function policyReference(table) {
  const sections = PLACES.map(([place, title, prefix, belongs = () => true]) => {
    const specs = table.KEYS.filter((spec) => spec.place === place && belongs(groupOf(spec)))
    return [`## ${title}\n`, ...specs.map((spec) => entry(spec, prefix, table))].join('\n')
  })
  return `${[INTRODUCTION, names(table), ...sections].join('\n').trimEnd()}\n`
}

function groupOf({ name }) {
  if (/^(ws|mqtt)_/.test(name)) return name.split('_')[0]
  if (name === 'aws_iot') return 'mqtt'
  return /^(http_|auth_|nghttp2_|h2q_)/.test(name) ? 'http' : 'any'
}

function entry(spec, prefix, table) {
  const facts = [
    valueText(spec, table),
    spec.required && 'required',
    spec.role && `${spec.role}s only`,
    spec.protocols && `protocols ${spec.protocols.join(', ')}`,
    spec.aliases && `also spelled ${spec.aliases.map((name) => `\`${name}\``).join(', ')}`,
    spec.needs && `build: ${buildText(spec.needs)}`,
    spec.heading === null ? 'not in the specification' : `specification: ${spec.heading}`,
  ].filter(Boolean)
  return `### \`${prefix}${spec.name}\`\n\n${table.describeKey(spec)}\n\n${facts.join(' · ')}\n`
}

function buildText(needs) {
  if (typeof needs === 'string') return `\`${needs}\``
  const values = (option) => Object.keys(needs).filter((value) => needs[value] === option)
  return [...new Set(Object.values(needs))]
    .map((option) => `\`${option}\` for \`${values(option).join('`, `')}\``)
    .join('; ')
}

function valueText({ name, type }, limits) {
  switch (type.kind) {
    case 'text':
      return FORMATS[type.format ?? 'plain']
    case 'integer':
      return `whole number, ${type.min} to ${type.max}`
    case 'boolean':
      return '`true` or `false`'
    case 'reference':
      return `name of ${TARGETS[type.section]}`
    case 'protocol':
      return [...limits.PROTOCOLS, ...limits.PROTOCOL_ALIASES.keys()]
        .map((protocol) => `\`"${protocol}"\``)
        .join(', ')
    case 'label':
      return 'text or number'
    case 'delays':
      return `array of at most ${limits.MAX_BACKOFFS} whole numbers`
    case 'stack':
      return `array of 1 to ${limits.MAX_STACK_CERTS} names of \`certs\``
    case 'metadata':
      return `array of objects of names with text, at most ${limits.MAX_METADATA_ITEMS} names`
    case 'respmap':
      return `array of objects of statuses with numbers, at most ${limits.MAX_RESPMAP_ITEMS} statuses`
    case 'list':
      return 'array'
    case 'section':
      return SECTIONS[name]
  }
}

const FORMATS = {
  plain: 'text',
  message: 'text, line breaks allowed',
  token: 'HTTP token',
  socks: 'text of the form `address:port` or `user:password@address:port`',
}

const TARGETS = {
  retry: 'a `retry` scheme',
  certs: 'an entry of `certs`',
  trust_stores: 'an entry of `trust_stores`',
  auth: 'an entry of `auth`',
  s: 'a streamtype',
  metadata: 'a `metadata` item of the streamtype',
}

const SECTIONS = {
  retry: 'array of objects of names with schemes',
  certs: 'array of objects of names with base64',
  trust_stores: 'array of objects with `name` and `stack`, or of names with stacks',
  auth: 'array of schemes',
  metrics: 'array of metrics',
  s: 'array of objects of names with streamtypes',
}
