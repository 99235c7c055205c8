// How long a policy takes as it grows, to check and normalise, and to be written for lws besides:
// `npm run bench:policy`. Fails when 10,000 streamtypes take longer to check and normalise than they
// may, or time grows faster than the policy.
import { createRequire } from 'node:module'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { main, Stop } from '../scripts/console.mjs'
import { median } from './statistics.mjs'

const load = createRequire(import.meta.url)
const { checkPolicy, normalizePolicy } = load('lws-secure-streams/policy')
const { writeLwsPolicy } = load(
  path.join(
    path.dirname(load.resolve('lws-secure-streams/policy')),
    'write',
    'write-lws-policy.js',
  ),
)

const SIZES = [5_000, 10_000, 20_000, 40_000]
const LIMITED = 10_000
const ROUNDS = 11
const LIMIT_MS = 200
const GROWTH = 1.5

function policyOf(streamtypes) {
  const names = Array.from({ length: streamtypes }, (_, index) => `stream-${index}`)
  return {
    retry: [{ default: { backoff: [1000, 2000, 5000], conceal: 5, jitterpc: 20 } }],
    s: names.map((name) => ({
      [name]: {
        endpoint: 'example.com',
        port: 443,
        protocol: 'h2',
        tls: true,
        http_method: 'GET',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        http_url: '/${region}/today',
        metadata: [{ region: '' }, { ctype: 'content-type:' }],
        retry: 'default',
      },
    })),
  }
}

function milliseconds(work) {
  const start = performance.now()
  work()
  return performance.now() - start
}

const WORK = {
  'check and normalise, text': { source: JSON.stringify, work: normalizePolicy, limit: LIMIT_MS },
  'check and normalise, object': {
    source: (policy) => policy,
    work: normalizePolicy,
    limit: LIMIT_MS,
  },
  'check, text': { source: JSON.stringify, work: checkPolicy, limit: LIMIT_MS },
  'write for lws, text': {
    source: JSON.stringify,
    work: (text) => writeLwsPolicy(normalizePolicy(text)),
  },
}

await main(() => {
  const failures = []
  for (const [name, { source, work, limit = Number.POSITIVE_INFINITY }] of Object.entries(WORK)) {
    const times = SIZES.map((size) => {
      const input = source(policyOf(size))
      return median(Array.from({ length: ROUNDS }, () => milliseconds(() => work(input))))
    })
    const cells = times.map((time, index) => `${SIZES[index]}: ${time.toFixed(1)} ms`)
    console.log(`${name.padEnd(28)} ${cells.join('   ')}`)
    const growth = times.at(-1) / SIZES.at(-1) / (times[0] / SIZES[0])
    if (times[SIZES.indexOf(LIMITED)] > limit)
      failures.push(`${name}: more than ${limit} ms for ${LIMITED} streamtypes`)
    if (growth > GROWTH)
      failures.push(`${name}: ${growth.toFixed(1)} times the cost per streamtype`)
  }
  if (failures.length > 0) throw new Stop(failures.join('\n'))
})
