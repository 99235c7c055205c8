/** The telemetry agent: one program, and what a broker of MQTT and a server of HTTP get of it. */
import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import { hostname } from 'node:os'
import { describe, it } from 'node:test'
import mqtt from 'mqtt'
import { startAedes, startHttp1, startMosquitto } from '../peers/index.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { examplePolicy, RunningExample } from './running-example.js'

const OFTEN = '0.02'

function checkReading(payload: Buffer): void {
  const reading = JSON.parse(payload.toString())
  assert.deepEqual(Object.keys(reading), ['at', 'load', 'free'])
  assert.ok(reading.free > 0)
}

describe('examples/telemetry', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()

  const start = (file: string, port: number) => {
    const retry = [{ patient: { backoff: [20], conceal: 1000 } }]
    const policy = examplePolicy(`telemetry/${file}`, { readings: { port } }, { retry })
    return new RunningExample('telemetry/agent.mjs', folder.put(file, policy), OFTEN)
  }

  it('publishes by MQTT', async () => {
    await using broker = await startMosquitto()
    const subscriber = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    await subscriber.subscribeAsync('#', { qos: 1 })
    await using agent = start('policy.json', broker.port)
    const [topic, payload, { qos }] = await once(subscriber as unknown as EventEmitter, 'message')
    assert.equal(topic, `devices/${hostname()}/readings`)
    assert.equal(qos, 1)
    checkReading(payload)
    agent.child.kill('SIGTERM')
    assert.equal(await agent.over, 0)
    assert.equal(agent.errors, '')
    await subscriber.endAsync()
  })

  it('posts by HTTP, where the policy says so', async () => {
    await using peer = await startHttp1()
    await using agent = start('http.json', peer.port)
    await agent.line(/^2 sent$/m)
    agent.child.kill('SIGINT')
    assert.equal(await agent.over, 0)
    assert.equal(agent.errors, '')
    const [seen] = peer.requests
    assert.equal(seen?.method, 'POST')
    assert.equal(seen?.url, `/devices/${hostname()}/readings`)
    checkReading(seen?.body as Buffer)
  })

  it('keeps readings while there is no broker', async () => {
    const before = await startAedes()
    const { port } = before
    await using agent = start('policy.json', port)
    await agent.line(/^1 sent$/m)
    await before.close()
    await agent.error(/next attempt in \d+ ms/)
    const taken = before.published.length
    await using after = await startAedes({ port })
    await agent.line(new RegExp(`^${taken + 5} sent$`, 'm'))
    for (const { payload } of after.published) checkReading(payload)
    agent.child.kill('SIGTERM')
    assert.equal(await agent.over, 0)
  })
})
