/** Several workers that serve on one port. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { openContext } from 'lws-secure-streams'
import { httpServer, servedPolicy } from './servers.js'
import { SteadyLoad } from './steady-load.js'

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
const { openContext } = require('lws-secure-streams')

async function serve() {
  const context = await openContext({ policy: workerData.policy })
  const server = await context.serve('site', {
    reusePort: true,
    transaction: (txn) => txn.ack().end('worker ' + workerData.name),
  })
  parentPort.postMessage(server.port)
  parentPort.once('message', async () => {
    await context.close()
    parentPort.postMessage('closed')
  })
}
serve()
`

const workers: Worker[] = []
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())))

async function startWorker(name: number, port: number) {
  const policy = servedPolicy({ site: httpServer({ port }) })
  const worker = new Worker(WORKER, { eval: true, workerData: { policy, name } })
  workers.push(worker)
  const [listening] = (await once(worker, 'message')) as [number]
  return {
    port: listening,
    async close() {
      const exit = once(worker, 'exit')
      worker.postMessage('close')
      await once(worker, 'message')
      await exit
    },
  }
}

describe('four workers on one port', {
  skip: process.platform !== 'linux' && 'the system gives clients to one alone',
  timeout: 60_000,
}, () => {
  test('serve each some, and one leaves without a lost request', async () => {
    const first = await startWorker(0, 0)
    const { port } = first
    const others = await Promise.all([1, 2, 3].map((name) => startWorker(name, port)))
    const load = new SteadyLoad(port)
    await load.answered(4)
    await first.close()
    // Its last answers have been read by then.
    await load.goesOn(100)
    const before = load.answers.get('worker 0')
    await load.goesOn(500)
    await load.stop()
    assert.deepEqual(load.failures, [])
    assert.equal(load.answers.get('worker 0'), before)
    await Promise.all(others.map((worker) => worker.close()))
  })

  test('are told that the port is in use when they do not say that they share it', async () => {
    const first = await startWorker(0, 0)
    await using context = await openContext({
      policy: servedPolicy({ site: httpServer({ port: first.port }) }),
    })
    await assert.rejects(context.serve('site', { transaction() {} }), {
      code: 'ERR_SS_LISTEN',
      message: /EADDRINUSE/,
    })
    await first.close()
  })
})
