/** The downloader, with nginx: progress, and the rest of a file alone after an interruption. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import {
  type CuttingRelay,
  type NginxPeer,
  patternBytes,
  startCuttingRelay,
  startNginx,
} from '../peers/index.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { examplePolicy, RunningExample } from './running-example.js'

const BYTES = patternBytes(3_000_000)

describe('examples/download', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let server: NginxPeer
  let relay: CuttingRelay

  before(async () => {
    server = await startNginx({ files: { 'data.bin': BYTES } })
    relay = await startCuttingRelay(server)
  })
  after(async () => {
    await relay.close()
    await server.close()
  })

  const download = (name: string, from = 'data.bin') => {
    const retry = [{ patient: { backoff: [20], conceal: 5 } }]
    const policy = examplePolicy('download/policy.json', { file: { port: relay.port } }, { retry })
    const file = folder.file(name)
    return new RunningExample(
      'download/download.mjs',
      from,
      file,
      folder.put('policy.json', policy),
    )
  }

  it('downloads a file and shows how far it is', async () => {
    relay.cutAfter = Number.POSITIVE_INFINITY
    await using program = download('whole')
    assert.equal(await program.over, 0)
    assert.deepEqual(readFileSync(folder.file('whole')), BYTES)
    assert.match(
      program.errors,
      /\r50 % of 3000000 bytes[\s\S]*\r100 % of 3000000 bytes\n.*is complete\n$/,
    )
    assert.ok(!existsSync(folder.file('whole.version')))
  })

  it('asks for the rest when the connection is lost', async () => {
    relay.cutAfter = 1_200_000
    relay.connections = 0
    await using program = download('cut')
    assert.equal(await program.over, 0)
    assert.deepEqual(readFileSync(folder.file('cut')), BYTES)
    assert.ok(relay.connections >= 3)
    assert.match(relay.said.subarray(0, 20).toString('latin1'), /^HTTP\/1.1 206 /)
    assert.match(program.errors, /going on/)
  })

  it('goes on where it was ended', async () => {
    relay.cutAfter = Number.POSITIVE_INFINITY
    await using whole = download('first')
    assert.equal(await whole.over, 0)
    const etag = /^etag: (.*)\r$/im.exec(relay.said.toString('latin1'))?.[1] as string
    folder.put('ended.part', BYTES.subarray(0, 1_000_000))
    folder.put('ended.version', etag)
    await using program = download('ended')
    assert.equal(await program.over, 0)
    assert.deepEqual(readFileSync(folder.file('ended')), BYTES)
    assert.ok(relay.said.length < 2_001_000)
  })

  it('begins anew when the file has changed', async () => {
    relay.cutAfter = Number.POSITIVE_INFINITY
    writeFileSync(folder.file('changed.part'), Buffer.alloc(1_000_000))
    folder.put('changed.version', '"of-another"')
    await using program = download('changed')
    assert.equal(await program.over, 0)
    assert.deepEqual(readFileSync(folder.file('changed')), BYTES)
  })

  it('says that there is no such file', async () => {
    relay.cutAfter = Number.POSITIVE_INFINITY
    await using program = download('none', 'none.bin')
    assert.equal(await program.over, 1)
    assert.match(program.errors, /the server answers 404/)
    assert.throws(() => statSync(folder.file('none')))
  })
})
