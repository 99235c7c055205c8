// Sends a reading of this machine every few seconds. Whether that is published to a broker of MQTT or posted to
// a server of HTTP is for the policy to say: this program is the same.
//
//   node agent.mjs [POLICY [SECONDS]]
import os from 'node:os'
import { setInterval } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openContext } from 'lws-secure-streams'

const [policyFile = fileURLToPath(new URL('policy.json', import.meta.url)), seconds = '5'] =
  process.argv.slice(2)

const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => ending.abort())

const context = await openContext({ policyFile })
const readings = context.stream('readings', { metadata: { device: os.hostname() } })
readings.on('retry', ({ delay, reason }) => {
  console.error(`${reason.message}; next attempt in ${delay} ms`)
})

let sent = 0
try {
  for await (const _ of setInterval(Number(seconds) * 1000, null, { signal: ending.signal })) {
    const reading = { at: Date.now(), load: os.loadavg()[0], free: os.freemem() }
    // Not waited for: readings that are taken without a connection leave when there is one.
    readings.send(JSON.stringify(reading)).then(
      () => console.log(`${++sent} sent`),
      (error) => console.error(`a reading is lost: ${error.message}`),
    )
  }
} catch (error) {
  if (!ending.signal.aborted) throw error
}
// Waits for readings that are on their way.
await context.close()
