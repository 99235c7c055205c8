/** `lws-ss serve`: files, as curl and fetch get them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { curl } from '../support/curl.js'
import { exchange } from '../support/native-http-server.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { startLwsSs } from './helpers.js'

const BIG = 20_000_000

describe('lws-ss serve', { timeout: 60_000 }, () => {
  const { file, put } = temporaryFolder()
  const site = { server: true, protocol: 'h1', endpoint: '127.0.0.1', port: 0 }
  let url = ''
  let port = 0
  let running: ReturnType<typeof startLwsSs>
  const big = randomBytes(BIG)

  before(async () => {
    for (const folder of ['site', 'site/sub', 'site/indexed', 'site/.git', 'outside'])
      fs.mkdirSync(file(folder))
    put('site/a.txt', 'hello, all\n')
    put('site/empty.txt', '')
    put('site/big.bin', big)
    put('site/sub/a b?#"é<x>.txt', 'strange')
    put('site/sub/10.txt', '')
    put('site/sub/9.txt', '')
    put('site/indexed/index.html', '<p>index')
    put('site/.git/config', 'secret')
    put('site/.env', 'secret')
    put('outside/secret.txt', 'secret')
    fs.symlinkSync('a.txt', file('site/within.txt'))
    fs.symlinkSync('../outside/secret.txt', file('site/leak.txt'))
    fs.symlinkSync(file('outside'), file('site/way'))
    fs.symlinkSync('.git', file('site/git'))
    fs.symlinkSync('circle', file('site/circle'))
    execFileSync('mkfifo', [file('site/pipe')])
    const policy = put('policy.json', JSON.stringify({ s: [{ site }] }))
    running = startLwsSs(['serve', policy, 'site', '--directory', file('site'), '--verbose'])
    await running.hasWritten((output) => output.includes('\n'))
    url = running.output.toString().trim()
    port = Number(new URL(url).port)
  })
  after(() => running.child.kill())

  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(url + path, { headers, method, redirect: 'manual' })

  test('has the types, lengths and dates of files', async () => {
    const response = await ask('a.txt')
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
    assert.equal(response.headers.get('content-length'), '11')
    assert.equal(response.headers.get('accept-ranges'), 'bytes')
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
    const { mtime } = fs.statSync(file('site/a.txt'))
    assert.equal(response.headers.get('last-modified'), mtime.toUTCString())
    assert.equal(await response.text(), 'hello, all\n')
    assert.equal(await (await ask('empty.txt')).text(), '')
    assert.equal(await (await ask('within.txt')).text(), 'hello, all\n')
    assert.equal(await curl(`${url}sub/a%20b%3f%23%22%c3%a9%3cx%3e.txt`), 'strange')
  })

  test('sends large files whole, several at a time', async () => {
    const digest = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')
    const got = await Promise.all(
      [1, 2, 3].map(async () => digest(new Uint8Array(await (await ask('big.bin')).arrayBuffer()))),
    )
    assert.deepEqual(got, Array(3).fill(digest(big)))
  })

  for (const [range, status, contentRange, text] of [
    ['bytes=0-4', 206, 'bytes 0-4/11', 'hello'],
    ['bytes=7-', 206, 'bytes 7-10/11', 'all\n'],
    ['bytes=-4', 206, 'bytes 7-10/11', 'all\n'],
    ['bytes=-999', 206, 'bytes 0-10/11', 'hello, all\n'],
    ['bytes=7-999', 206, 'bytes 7-10/11', 'all\n'],
    ['bytes=0-0,2-2', 200, null, 'hello, all\n'],
    ['bytes=4-2', 416, 'bytes */11', undefined],
    ['lines=1-2', 200, null, 'hello, all\n'],
    ['bytes=11-', 416, 'bytes */11', undefined],
  ] as const)
    test(`answers the range ${range} with ${status}`, async () => {
      const response = await ask('a.txt', { range })
      assert.equal(response.status, status)
      assert.equal(response.headers.get('content-range'), contentRange)
      const body = await response.text()
      if (text !== undefined) assert.equal(body, text)
    })

  test('answers HEAD without a range', async () => {
    const { status, headers } = await ask('a.txt', { range: 'bytes=0-4' }, 'HEAD')
    assert.deepEqual([status, headers.get('content-length')], [200, '11'])
  })

  test('goes on with a download, as curl does it', async () => {
    const part = put('part.bin', big.subarray(0, 7_000_000))
    await curl('-C', '-', '-o', part, `${url}big.bin`)
    assert.ok(fs.readFileSync(part).equals(big))
  })

  test('answers conditions', async () => {
    const { headers } = await ask('a.txt')
    const etag = headers.get('etag') ?? ''
    const date = headers.get('last-modified') ?? ''
    const before = new Date(Date.parse(date) - 10_000).toUTCString()
    for (const [conditions, status] of [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `"x", ${etag}` }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': '"x"', 'if-modified-since': date }, 200],
      [{ 'if-modified-since': date }, 304],
      [{ 'if-modified-since': before }, 200],
      [{ 'if-modified-since': 'yesterday' }, 200],
      [{ 'if-match': '"x"' }, 412],
      [{ 'if-unmodified-since': before }, 412],
      // Its tag is weak: RFC 9110, 13.1.5.
      [{ range: 'bytes=0-1', 'if-range': etag }, 200],
      [{ range: 'bytes=0-1', 'if-range': date }, 206],
      [{ range: 'bytes=0-1', 'if-range': '"x"' }, 200],
      [{ range: 'bytes=0-1', 'if-range': before }, 200],
    ] as const) {
      // fetch() would ask for no cached answers, too.
      const request = http.get(`${url}a.txt`, { headers: conditions })
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      assert.equal(response.statusCode, status, JSON.stringify(conditions))
      if (status === 304) assert.equal(response.headers.etag, etag)
      response.resume()
    }
  })

  test('answers HEAD as GET, without a body, and the connection goes on', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const sockets = new Set()
    for (const [path, length] of [
      ['a.txt', '11'],
      ['big.bin', `${BIG}`],
      ['nothing', '14'],
    ]) {
      const request = http.request(url + path, { method: 'HEAD', agent }).end()
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      assert.equal(response.headers['content-length'], length)
      assert.deepEqual(await response.toArray(), [])
      sockets.add(request.socket)
    }
    assert.equal(sockets.size, 1)
    agent.destroy()
  })

  test('takes no other methods', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PROPFIND']) {
      const response = await ask('a.txt', {}, method)
      assert.equal(response.status, 405)
      assert.equal(response.headers.get('allow'), 'GET, HEAD, OPTIONS')
    }
    assert.equal((await ask('a.txt', {}, 'OPTIONS')).status, 204)
  })

  test('shows the index of a directory, or what is in it', async () => {
    const moved = await ask('sub?x=1')
    assert.equal(moved.status, 301)
    assert.equal(moved.headers.get('location'), '/sub/?x=1')
    assert.equal(await curl('-L', `${url}indexed`), '<p>index')
    const listing = await (await ask('sub/')).text()
    const links = [...listing.matchAll(/<a href="([^"]*)">([^<]*)</g)].map(([, ...link]) => link)
    assert.deepEqual(links, [
      ['../', '../'],
      ['./9.txt', '9.txt'],
      ['./10.txt', '10.txt'],
      ['./a%20b%3F%23%22%C3%A9%3Cx%3E.txt', 'a b?#&quot;é&lt;x&gt;.txt'],
    ])
    const root = await (await ask('')).text()
    const shown = [...root.matchAll(/<a href="\.\/([^"]*)">/g)].map(([, href]) => href)
    assert.deepEqual(shown, [
      ...['a.txt', 'big.bin', 'empty.txt', 'indexed/', 'sub/', 'within.txt'],
    ])
  })

  for (const path of [
    '../outside/secret.txt',
    '%2e%2e/outside/secret.txt',
    '..%2foutside%2fsecret.txt',
    'sub/..%2f..%2foutside/secret.txt',
    '..\\outside\\secret.txt',
    '..%5coutside%5csecret.txt',
    '%252e%252e/outside/secret.txt',
    '/etc/passwd',
    '//etc/passwd',
    'leak.txt',
    'way/secret.txt',
    'way/',
    'git/config',
    '.git/config',
    '.env',
    'circle',
    'pipe',
    'a.txt/',
    'a.txt/b',
    'a.txt%00.html',
    '%ff%fe',
    `${'x'.repeat(300)}`,
  ])
    test(`has no way out by ${path.slice(0, 40)}`, async () => {
      const told = await exchange(
        port,
        `GET /${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      )
      assert.match(told, /^HTTP\/1.1 40[04] /)
      assert.doesNotMatch(told, /secret$/)
    })

  test('does not redirect to another host', async () => {
    const told = await exchange(port, 'GET //sub HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.match(told, /\r\nlocation: \/sub\/\r\n/)
  })

  test('ends the connection when a file becomes shorter, and lives on', async () => {
    put('site/shrinks.bin', big)
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET /shrinks.bin HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'readable')
    fs.truncateSync(file('site/shrinks.bin'), 100)
    let length = 0
    for await (const piece of socket) length += piece.length
    assert.ok(length < BIG)
    assert.equal((await ask('shrinks.bin')).headers.get('content-length'), '100')
  })

  test('sends of a file that becomes longer what it has said', async () => {
    put('site/grows.bin', big)
    const response = await ask('grows.bin')
    fs.appendFileSync(file('site/grows.bin'), 'more')
    assert.ok(big.equals(new Uint8Array(await response.arrayBuffer())))
  })

  test('answers 403 where it may not read', { skip: process.getuid?.() === 0 }, async () => {
    fs.chmodSync(put('site/closed.txt', 'x'), 0)
    assert.equal((await ask('closed.txt')).status, 403)
  })

  test('tells on standard error what it was asked, and ends well by SIGINT', async () => {
    put('site/whole.txt', 'whole')
    await exchange(port, 'GET /whole.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    running.child.kill('SIGINT')
    const { status, output, complaints } = await running.ended
    assert.equal(status, 0)
    assert.equal(output.toString(), `${url}\n`)
    const lines = complaints.split('\n')
    assert.ok(lines.includes('127.0.0.1 GET /a.txt 206 5'))
    assert.ok(lines.includes('127.0.0.1 GET /whole.txt 200 5'))
    assert.ok(lines.includes(`127.0.0.1 HEAD /big.bin 200 0`))
    assert.equal(lines.at(-1), '')
  })
})
