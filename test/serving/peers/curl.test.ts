/** curl as a client of a server of h1. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { curl } from '../../support/curl.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { bigBody, serveSite } from './site.js'

describe('curl', { timeout: 60_000 }, () => {
  const { file, put } = temporaryFolder()
  const big = randomBytes(8_000_000)
  const summary = `${big.length} ${createHash('sha256').update(big).digest('hex')}`
  let site: Awaited<ReturnType<typeof serveSite>>
  let upload = ''
  before(async () => {
    site = await serveSite()
    upload = put('upload.bin', big)
  })
  after(() => site[Symbol.asyncDispose]())
  const ask = (path: string, ...options: string[]) => curl(...options, `${site.url}${path}`)

  test('asks a thousand times on one connection', async () => {
    const before = site.server.stats.connections
    const told = await ask('/?n=[1-1000]', '--write-out', '\\n')
    const expected = Array.from({ length: 1000 }, (_, n) => `hello ${n + 1}\n`)
    assert.equal(told, expected.join(''))
    assert.equal(site.server.stats.connections, before + 1)
  })

  test('asks on many connections at once', async () => {
    const told = await ask('/?n=[1-300]', '--parallel', '--parallel-max', '50')
    assert.equal(new Set(told.match(/hello \d+/g)).size, 300)
  })

  test('uploads with a length, when it is told to continue', async () => {
    const trace = file('trace.txt')
    const options = ['--data-binary', `@${upload}`, '-H', 'Expect: 100-continue']
    assert.equal(await ask('/digest', ...options, '--trace-ascii', trace), `POST ${summary}`)
    assert.match(readFileSync(trace, 'latin1'), /HTTP\/1.1 100 Continue/)
  })

  test('uploads in chunks, from a pipe', async () => {
    const options = ['-T', upload, '-H', 'Transfer-Encoding: chunked', '-H', 'Expect:']
    assert.equal(await ask('/digest', ...options), `PUT ${summary}`)
  })

  test('is refused amid an upload, and hears why', async () => {
    for (const expect of ['Expect: 100-continue', 'Expect:'])
      assert.equal(
        await ask('/refuse', '--data-binary', `@${upload}`, '-H', expect, '-w', ' %{http_code}'),
        'too much 413',
      )
  })

  test('gets back what it sends, while it sends it', async () => {
    const out = file('echoed.bin')
    const told = await ask('/echo', '-T', upload, '-H', 'Expect:', '-o', out, '-w', '%{http_code}')
    assert.equal(told, '200')
    assert.ok(readFileSync(out).equals(big))
  })

  test('downloads slowly, and whole', async () => {
    const out = file('download.bin')
    await ask('/big?length=3000000', '--limit-rate', '2M', '-o', out)
    assert.ok(readFileSync(out).equals(bigBody(3_000_000)))
  })

  test('follows redirects, with the body where that is to go on', async () => {
    assert.equal(await ask('/moved', '-L'), 'hello moved')
    assert.equal(await ask('/again', '-L', '--data-binary', `@${upload}`), `POST ${summary}`)
  })

  test('has a jar for cookies', async () => {
    const jar = file('jar.txt')
    await ask('/login', '-c', jar)
    assert.deepEqual((await ask('/cookies', '-b', jar)).split('; ').sort(), ['a=1', 'b=2'])
    assert.equal(await ask('/cookies'), 'none')
  })

  test('asks for heads, by HTTP/1.0, and for nothing', async () => {
    assert.match(await ask('/', '-I'), /^HTTP\/1.1 200 OK\r\n[\s\S]*content-length: 6\r\n/)
    assert.equal(await ask('/?n=old', '--http1.0'), 'hello old')
    assert.equal(
      await ask('/big?length=1000', '--http1.0', '-w', '%{size_download}', '-o', '/dev/null'),
      '1000',
    )
    assert.equal(await ask('/nothing', '-w', '%{http_code}'), '204')
    assert.equal(await ask('/', '-X', 'PROPFIND', '-w', ' %{http_code}'), 'hello  200')
  })
})
