// The command `lws-ss list`.
import { normalizePolicy } from '../policy/index.js'
import { type StreamtypeFacts, streamtypesIn } from './list/streamtype-facts.mjs'
import { paint } from './paint.mjs'
import { readPolicy } from './read-policy.mjs'
import { tableLines } from './table.mjs'
import { tellPolicyError } from './tell-policy-error.mjs'

/** Where it connects to, with the path, or where it listens. */
function placeOf({ endpoint = '', port, path = '' }: StreamtypeFacts): string {
  if (endpoint.startsWith('+')) return endpoint.slice(1)
  if (endpoint.includes('/')) return endpoint
  const host = endpoint.includes(':') && !endpoint.startsWith('[') ? `[${endpoint}]` : endpoint
  return `${port === undefined ? host : `${host || '*'}:${port}`}${path}`
}

function directionOf({ role, sends, receives }: StreamtypeFacts): string {
  if (role === 'server') return 'serves'
  if (sends && receives) return 'both ways'
  return sends ? 'sends' : receives ? 'receives' : 'neither'
}

function rowOf(facts: StreamtypeFacts): string[] {
  const { name, protocol, method, tls, trustStore, topic, subscribe, metadata } = facts
  const topics = [topic && `to ${topic}`, subscribe && `from ${subscribe}`].filter(Boolean)
  return [
    name,
    [protocol, method].filter(Boolean).join(' '),
    [placeOf(facts), ...topics].join('\n'),
    tls ? (trustStore ?? 'yes') : 'no',
    directionOf(facts),
    Object.keys(metadata).join(', ') || '-',
  ]
}

const HEAD = ['STREAMTYPE', 'PROTOCOL', 'ENDPOINT', 'TLS', 'DIRECTION', 'METADATA']

/**
 * `lws-ss list`: the streamtypes of a policy, on standard output.
 *
 * @throws CommandError when the policy cannot be read, or has errors
 */
export function list(file: string, { json = false }: { json?: boolean }): void {
  let facts: StreamtypeFacts[]
  try {
    facts = streamtypesIn(normalizePolicy(readPolicy(file), { file }))
  } catch (error) {
    tellPolicyError(error, file)
  }
  if (json) console.log(JSON.stringify(facts, null, 2))
  else if (facts.length === 0) console.log('The policy has no streamtypes.')
  else {
    const lines = tableLines([HEAD, ...facts.map(rowOf)], (line) =>
      paint(line, 'bold', process.stdout),
    )
    console.log(lines.join('\n'))
  }
}
