// Runs the part of the suite that takes no program of the system, and nothing of Unix:
// `npm run test:portable`, or `-- NAME…` for those of it whose path contains a NAME.
import { parseArgs } from 'node:util'
import { isMain, main, Stop } from './console.mjs'
import { inRoot } from './paths.mjs'
import { compileTests, runTests } from './test.mjs'

// By folder of test/, without `.test.ts`. Each passes where no program can be found.
const FILES = {
  api: ['arguments', 'callers', 'numbers', 'observability'],
  contexts: [
    'close',
    'first-turn',
    'hostile-json',
    'hostile-policies',
    'large-policy',
    'policy-readings',
    'remote-policy',
  ],
  field: [
    'h1-never-twice',
    'h2-connections',
    'mqtt-acknowledgements',
    'policies',
    'serving',
    'serving-responses',
    'ws-redirect-pong',
  ],
  fuzz: ['served-bytes'],
  'policy-effects': ['general', 'key-coverage', 'ws'],
  policy: [
    'certificates',
    'check',
    'check-streamtypes',
    'editor',
    'normalize',
    'schema',
    'typed',
    'write-lws-policy',
  ],
  process: ['accepted-streams', 'async-context', 'unopened-streams'],
  serving: [
    'h1-connections',
    'h1-ends',
    'h1-half-closed',
    'h1-requests',
    'h1-responses',
    'h1-standard-responses',
    'h2-deflate',
    'h2-ends',
    'h2-frames',
    'h2-hostile',
    'h2-limits',
    'h2-upgrades',
    'hono',
    'https',
    'limits',
    'limits-of-clients',
    'limits-of-time',
    'places',
    'policies',
    'raw',
    'upgrades',
    'waits',
    'ws-floods',
    'ws-frames',
  ],
  'serving/peers': ['node-clients'],
  signing: ['signatures'],
  streams: [
    'aborts',
    'alpn',
    'blob-bodies',
    'certificates',
    'client-certificates',
    'credit',
    'dollars',
    'duplex',
    'endpoints',
    'h2',
    'h2-header-bounds',
    'h2-headers',
    'h2-slots',
    'iterators',
    'keep-alive',
    'listening',
    'metadata',
    'mqtt-in-flight',
    'mqtt-lengths',
    'mqtt-packets',
    'mqtt-refusals',
    'mqtt-unread',
    'raw',
    'redirect-targets',
    'refusals',
    'requests',
    'retries',
    'server-names',
    'signals',
    'trust',
    'ws-close',
    'ws-frames',
    'ws-kinds',
    'ws-upgrade',
  ],
  'unit/exchange': ['exchanges', 'properties'],
  'unit/loop': ['event-loop', 'liveness', 'tables', 'turns'],
  'unit/streams': ['events', 'life', 'payload'],
  'unit/streamtypes': ['kind'],
}

export const PORTABLE = Object.entries(FILES).flatMap(([folder, names]) =>
  names.map((name) => `${folder}/${name}`),
)

if (isMain(import.meta.url)) {
  await main(() => {
    const { positionals } = parseArgs({ allowPositionals: true })
    const isWanted = (name) =>
      positionals.length === 0 || positionals.some((part) => name.includes(part))
    const names = PORTABLE.filter(isWanted)
    if (names.length === 0)
      throw new Stop(`no portable test has ${positionals.join(' or ')} in its name`)
    compileTests()
    return runTests(names.map((name) => inRoot('build', 'test', `${name}.test.js`)))
  })
}
