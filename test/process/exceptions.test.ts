import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startHttp1, startWebSocket } from '../peers/index.js'
import { fixtureReports, runFixture } from '../support/run-fixture.js'
import { portsOfPeers } from '../support/suite-peers.js'

const inHandlers = [
  'CREATING',
  'POLL',
  'CONNECTING',
  'CONNECTED',
  'TIMEOUT',
  'QOS_ACK_REMOTE',
  'UNREACHABLE',
  'ALL_RETRIES_FAILED',
  'DISCONNECTED',
  'DESTROYING',
  'tx',
  'rx',
]
const inListeners = ['CREATING', 'CONNECTED', 'DESTROYING'].map((state) => `listener of ${state}`)

describe('an exception in a handler or a listener', { concurrency: 2 }, () => {
  const ports = portsOfPeers({ ws: startWebSocket, h1: startHttp1 })

  for (const where of [...inHandlers, ...inListeners, 'listener of message']) {
    test(`in ${where}: is uncaught, and all else goes on`, async () => {
      const reports = await fixtureReports('throw-at', {
        argument: { where, ports, caught: true },
      })
      const [exception, told, ...rest] = reports
      assert.deepEqual(exception, { caught: `thrown in ${where}`, origin: 'uncaughtException' })
      const { expected, seen } = told as { expected: string[]; seen: string[] }
      assert.deepEqual(seen, expected)
      assert.ok(/tx|rx|message/.test(where) || expected.includes(where.replace('listener of ', '')))
      assert.deepEqual(rest, [{ other: 'still here' }, { another: 'still here' }])
    })
  }

  test('ends the process when nobody catches it, as any other does', async () => {
    for (const where of [...inHandlers, 'listener of CONNECTED', 'listener of message']) {
      const { code, signal, stderr, reports } = await runFixture('throw-at', {
        argument: { where, ports, caught: false },
      })
      assert.deepEqual({ code, signal, reports }, { code: 1, signal: null, reports: [] })
      assert.match(stderr, new RegExp(`Error: thrown in ${where}\\n +at throwOnce .*throw-at`))
    }
  })

  test('says what a tx handler returned that cannot be sent, and the next is sent', async () => {
    const reports = await fixtureReports('answer-wrongly', { argument: { port: ports.ws } })
    const wrongType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
    const about = (reports as { message: string }[]).map(({ message, ...error }) => [
      /^The (?:value of )?"([^"]*)"/.exec(message ?? '')?.[1],
      error,
    ])
    assert.deepEqual(about, [
      ...Array(6).fill(['tx()', wrongType]),
      ...Array(5).fill(['tx().data', wrongType]),
      ['tx().data.length', { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }],
      [undefined, { received: 'at last' }],
    ])
  })
})
