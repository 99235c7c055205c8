// One side of a comparison, in a process of its own: performs rounds when told to.
import { clients as peers } from './clients/peers.mjs'
import { clients as ours } from './clients/secure-streams.mjs'

const { side, protocol, ...options } = JSON.parse(process.argv[2])
const perform = await (side === 'ours' ? ours : peers)[protocol](options)

process.on('message', async ({ operations }) => {
  const cpu = process.cpuUsage()
  const begin = process.hrtime.bigint()
  await perform(operations)
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  process.send({ seconds, cpuSeconds: (user + system) / 1e6 })
})
process.on('disconnect', () => process.exit())
process.send('ready')
