// A whiteboard that everybody draws on: one streamtype serves its page, and carries what is drawn.
//
//   node examples/whiteboard/server.mjs [POLICY]
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openContext } from 'lws-secure-streams'
import { Board } from './board.mjs'
import { toWords } from './words.mjs'

const inHere = (name) => fileURLToPath(new URL(name, import.meta.url))
const page = readFileSync(inHere('page.html'))

const board = new Board()
const people = new Map()
let arrivals = 0

const context = await openContext({ policyFile: process.argv[2] ?? inHere('policy.json') })

const server = await context.serve('whiteboard', {
  transaction(txn) {
    if (txn.metadata.path !== '/') return txn.nack().end()
    return txn.ack({ mime: 'text/html; charset=utf-8' }).end(page)
  },

  limits: { messageBytes: 16_384 },

  async upgrade(stream) {
    const who = ++arrivals
    people.set(stream, who)
    stream.send(JSON.stringify({ you: who, lines: board.lines })).catch(() => {})
    tell({ people: [...people.values()] })
    try {
      for await (const message of stream) {
        const words = toWords(message.text())
        if (!words) return stream.disconnect()
        board.hear(who, words)
        tell({ who, ...words })
      }
    } finally {
      people.delete(stream)
      tell({ people: [...people.values()] })
    }
  },
})

// Whoever cannot take it within ten seconds does without it.
function tell(what) {
  server.broadcast(JSON.stringify(what), { signal: AbortSignal.timeout(10_000) })
}

const reachable = Object.values(networkInterfaces())
  .flat()
  .filter(({ family, internal }) => family === 'IPv4' && !internal)
  .map(({ address }) => address)
const hasTls = context.policy.s.some(({ whiteboard }) => whiteboard?.tls)
const hosts = server.address === '::' ? ['localhost', ...reachable] : [server.address]
console.log('The whiteboard is at')
for (const host of hosts) console.log(`  ${hasTls ? 'https' : 'http'}://${host}:${server.port}/`)

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => context.close())
