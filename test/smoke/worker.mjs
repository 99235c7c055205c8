// The thread that the smoke starts: an exchange of its own, and an exit of its own with a stream open.
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { roundTrip } from './traffic.mjs'

const { folder, protocol, policy } = workerData
const { openContext } = createRequire(import.meta.url)(folder)
const context = await openContext({ policy })
await roundTrip(context, protocol)
context.stream('it').connect()
parentPort.postMessage('exchanged')
process.exit(7)
