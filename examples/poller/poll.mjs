// Asks every streamtype of a policy whether it is well, all at once, and again after a while.
//
//   node poll.mjs [POLICY [SECONDS]]      0 seconds: once
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openContext } from 'lws-secure-streams'

const PATIENCE = 5000

const [policyFile = fileURLToPath(new URL('policy.json', import.meta.url)), seconds = '60'] =
  process.argv.slice(2)

const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => ending.abort())

const context = await openContext({ policyFile })

async function ask(name) {
  const began = performance.now()
  const took = () => `${Math.round(performance.now() - began)} ms`
  try {
    const reply = await context.request(name, { timeout: PATIENCE, signal: ending.signal })
    // The body is taken too, so that the connection can be used again.
    await reply.bytes()
    return { name, isWell: reply.acked, says: `${reply.status}, ${took()}` }
  } catch (error) {
    return { name, isWell: false, says: `${error.message}, ${took()}` }
  }
}

do {
  const outcomes = await Promise.all(context.streamtypes.map(ask))
  if (ending.signal.aborted) break
  const ill = outcomes.filter(({ isWell }) => !isWell)
  for (const { name, says } of ill) console.log(`${name}: ${says}`)
  console.log(`${outcomes.length - ill.length} of ${outcomes.length} are well`)
  if (Number(seconds) > 0)
    await pause(Number(seconds) * 1000, null, { signal: ending.signal }).catch(() => {})
} while (Number(seconds) > 0 && !ending.signal.aborted)

await context.close()
