import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { before, describe, it } from 'node:test'

const PATIENCE = 60_000

const acknowledged = ['h1', 'h2', 'mqtt']
const protocols = [...acknowledged, 'ws', 'raw']

describe('examples/demo', () => {
  let output = ''
  let status: number | null = null

  before(async () => {
    const demo = spawn(process.execPath, ['examples/demo/run.mjs'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: PATIENCE,
    })
    const closed = once(demo, 'close')
    output = await text(demo.stdout)
    status = (await closed)[0]
  })

  it('ends with status 0', () => assert.equal(status, 0))

  for (const protocol of protocols)
    for (const streamtype of [protocol, `${protocol}_tls`])
      it(`shows what ${streamtype} sends, receives and goes through`, () => {
        const states = [
          'CREATING',
          'POLL',
          'CONNECTING',
          'CONNECTED',
          ...(acknowledged.includes(protocol) ? ['QOS_ACK_REMOTE'] : []),
          'DISCONNECTED',
          'DESTROYING',
        ]
        const lines = [
          streamtype,
          `  sent      hello from ${streamtype}`,
          `  received  hello from ${streamtype}`,
          `  states    ${states.join(' → ')}`,
        ]
        assert.ok(output.includes(`\n${lines.join('\n')}\n`), output)
      })

  it('shows what a server of this package is asked, and answers', () => {
    const lines = [
      'site and visitor',
      '  site      GET /garden from 127.0.0.1',
      '  visitor   200 text/plain: you are at /garden',
    ]
    assert.ok(output.endsWith(`\n${lines.join('\n')}\n`), output)
  })
})
