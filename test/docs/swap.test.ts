import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { connect } from 'mqtt'
import { CertificateAuthority, type Peer, startHttp2, startMosquitto } from '../peers/index.js'
import { blocksFolder, blocksOf } from './blocks.js'

const exec = promisify(execFile)
const MESSAGE = { celsius: 21.5 }

/** The policies of README.md, by their protocol, with another endpoint. */
function policyFor(protocol: string, peer: Peer): string {
  const text = readFileSync('README.md', 'utf8')
  const policies = Array.from(text.matchAll(/^```json\n(.*?)^```$/gms), ([, json = '']) =>
    JSON.parse(json),
  )
  const policy = policies.find(({ s }) => s[0].reading.protocol === protocol)
  Object.assign(policy.s[0].reading, { endpoint: 'localhost', port: peer.port })
  return JSON.stringify(policy)
}

describe('the program of README.md whose policy is swapped', () => {
  const folder = path.join(blocksFolder, 'swap')
  let authority: CertificateAuthority
  before(async () => {
    mkdirSync(folder, { recursive: true })
    const [program] = blocksOf('js').filter(({ way }) => way === 'swap')
    assert.ok(program)
    writeFileSync(path.join(folder, 'program.mjs'), program.code)
    authority = await CertificateAuthority.create()
    writeFileSync(path.join(folder, 'ca.pem'), authority.pem)
  })

  async function run(protocol: string, peer: Peer): Promise<void> {
    writeFileSync(path.join(folder, 'policy.json'), policyFor(protocol, peer))
    const env = { ...process.env, SSL_CERT_FILE: 'ca.pem' }
    await exec(process.execPath, ['program.mjs'], { cwd: folder, env, timeout: 30_000 })
  }

  it('publishes to a broker', async () => {
    await using broker = await startMosquitto({ tls: await authority.issue() })
    const url = `mqtts://localhost:${broker.port}`
    const subscriber = connect(url, { ca: authority.pem })
    try {
      await subscriber.subscribeAsync('house/kitchen')
      const message = new Promise((resolve) =>
        subscriber.once('message', (_topic, payload) => resolve(JSON.parse(String(payload)))),
      )
      await run('mqtt', broker)
      assert.deepEqual(await message, MESSAGE)
    } finally {
      await subscriber.endAsync()
    }
  })

  it('posts to a web server', async () => {
    await using server = await startHttp2({ tls: await authority.issue() })
    await run('h2', server)
    assert.equal(server.requests.length, 1)
    const [{ method, url, body } = assert.fail()] = server.requests
    assert.deepEqual([method, url, JSON.parse(String(body))], ['POST', '/house/kitchen', MESSAGE])
  })
})
