/** The poller of 50 endpoints: 50 servers of node:http, of which some are not well. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type HandlingPeer, startHandling } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { examplePolicy, RunningExample } from './running-example.js'

describe('examples/poller', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()

  const names: string[] = JSON.parse(readFileSync('examples/poller/policy.json', 'utf8')).s.flatMap(
    (entry: object) => Object.keys(entry),
  )

  it('asks 50 services at once, and says which are not well, and why', async () => {
    assert.equal(names.length, 50)
    await using nobody = await deadPort()
    let asked = 0
    const peers: HandlingPeer[] = []
    let all = () => {}
    const allAsked = new Promise<void>((resolve) => {
      all = resolve
    })
    for (let n = 0; n < 50; n++)
      peers.push(
        await startHandling('h1', async (request, response) => {
          assert.equal(request.url, '/health')
          // Nobody is answered before all are asked: of 50 services, one refuses connections.
          if (++asked === 49) all()
          await allAsked
          response.writeHead(n === 7 ? 503 : n === 9 ? 404 : 200).end('text')
        }),
      )
    const endpoint = 'localhost'
    const streamtypes = names.map((name, n) => {
      const port = n === 11 ? nobody.port : peers[n]?.port
      return [name, { endpoint, port, tls: false }]
    })
    const policy = examplePolicy('poller/policy.json', Object.fromEntries(streamtypes))
    await using program = new RunningExample(
      'poller/poll.mjs',
      folder.put('policy.json', policy),
      '0',
    )
    assert.equal(await program.over, 0)
    assert.equal(program.errors, '')
    const lines = program.output.split('\n')
    assert.match(lines[0] as string, /^s08: 503, \d+ ms$/)
    assert.match(lines[1] as string, /^s10: 404, \d+ ms$/)
    assert.match(lines[2] as string, /^s12: .+, \d+ ms$/)
    assert.deepEqual(lines.slice(3), ['47 of 50 are well', ''])
    for (const peer of peers) await peer.close()
  })
})
