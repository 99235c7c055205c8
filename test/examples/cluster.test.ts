/** The example of several processes on one port. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { SteadyLoad } from '../serving/steady-load.js'

test('the processes of examples/cluster are replaced without a lost request', {
  skip: process.platform !== 'linux' && 'the system gives clients to one alone',
  timeout: 60_000,
}, async () => {
  const child = spawn(process.execPath, ['examples/cluster/server.mjs', '0', '4'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const over = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  try {
    const [line] = (await once(lines, 'line')) as [string]
    const port = Number(/^4 processes at http:\/\/127\.0\.0\.1:(\d+)\/$/.exec(line)?.[1])
    const load = new SteadyLoad(port)
    await load.answered(4)
    const replaced = once(lines, 'line')
    child.kill('SIGHUP')
    assert.deepEqual(await replaced, ['all processes are new'])
    await load.answered(8)
    await load.stop()
    assert.deepEqual(load.failures, [])
    assert.equal(load.answers.size, 8)
  } finally {
    child.kill('SIGTERM')
  }
  assert.deepEqual(await over, [0, null])
})
