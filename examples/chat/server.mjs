// The room: what one says, all hear.
//
//   node server.mjs [POLICY]
import { fileURLToPath } from 'node:url'
import { openContext } from 'lws-secure-streams'

const policyFile = process.argv[2] ?? fileURLToPath(new URL('policy.json', import.meta.url))
const context = await openContext({ policyFile })
const room = await context.serve('room', {
  async upgrade(stream) {
    for await (const message of stream) room.broadcast(message.text()).catch(() => {})
  },
})
console.log(`The room is open on port ${room.port}`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => context.close())
