/** `lws-ss serve`: what comes over ws and raw, how it begins, and how it ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { truncateSync } from 'node:fs'
import net from 'node:net'
import { describe, test } from 'node:test'
import WebSocket from 'ws'
import { CertificateAuthority } from '../peers/index.js'
import { derOf } from '../serving/servers.js'
import { curl } from '../support/curl.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { lwsSs, sanitized, startLwsSs, tellsMemory } from './helpers.js'

describe('lws-ss serve', { timeout: 60_000 }, () => {
  const { file, put } = temporaryFolder()
  const here = { server: true, endpoint: '127.0.0.1' }
  const policy = () =>
    put(
      'policy.json',
      JSON.stringify({
        s: [
          { site: { ...here, protocol: 'h1', port: 1, ws_subprotocol: 'chat' } },
          { lamps: { ...here, protocol: 'raw', port: 0 } },
          { unix: { server: true, protocol: 'raw', endpoint: `+${file('socket')}` } },
          { client: { endpoint: '127.0.0.1', port: 1, protocol: 'h1' } },
        ],
      }),
    )

  async function started(...args: string[]) {
    const running = startLwsSs(['serve', policy(), ...args])
    await running.hasWritten((output) => output.includes('\n'))
    return { ...running, running, place: running.output.toString().trim() }
  }

  test('echoes on ws, and says goodbye at the end', async () => {
    const { running, place } = await started('site', '--port', '0', '--verbose')
    const socket = new WebSocket(place.replace('http', 'ws'), 'chat')
    await once(socket, 'open')
    for (const data of ['text', Buffer.from([255, 0]), Buffer.alloc(2_000_000), '']) {
      socket.send(data)
      const [back, isBinary] = await once(socket, 'message')
      assert.ok(Buffer.from(data).equals(back))
      assert.equal(isBinary, typeof data !== 'string')
    }
    assert.equal((await fetch(place)).status, 404)
    running.child.kill('SIGTERM')
    const [code] = await once(socket, 'close')
    assert.equal(code, 1001)
    const { status, complaints } = await running.ended
    assert.equal(status, 0)
    assert.equal(
      complaints,
      ['connected', 'GET / 404 14', 'gone', '']
        .map((line) => line && `127.0.0.1 ${line}`)
        .join('\n'),
    )
  })

  test('echoes on raw, by TCP and by a Unix socket', async () => {
    for (const streamtype of ['lamps', 'unix']) {
      const { running, place } = await started(streamtype)
      const [host = '', port] = place.split(':')
      const socket = port === undefined ? net.connect(place) : net.connect(Number(port), host)
      const sent = Buffer.alloc(1_000_000, 'abc')
      socket.end(sent)
      assert.ok(Buffer.concat(await socket.toArray()).equals(sent))
      running.child.kill('SIGINT')
      const { status, complaints } = await running.ended
      assert.deepEqual([status, complaints], [0, ''])
    }
  })

  for (const [protocol, version] of [
    ['h1', '1.1'],
    ['h2', '2'],
  ] as const)
    test(`has TLS as the policy says, by ${protocol}`, async () => {
      const authority = await CertificateAuthority.create()
      const { cert, key } = derOf(await authority.issue())
      const site = { ...here, protocol, port: 0, tls: true, server_cert: 'a', server_key: 'b' }
      const certs = [{ a: cert.toString('base64') }, { b: key.toString('base64') }]
      const tls = put('tls.json', JSON.stringify({ certs, s: [{ site }] }))
      const running = startLwsSs(['serve', tls, 'site', '--directory', file('.')])
      await running.hasWritten((output) => output.includes('\n'))
      const url = running.output.toString().trim()
      assert.match(url, /^https:/)
      const options = ['--cacert', put('ca.pem', authority.pem), '-w', '%{http_version}']
      assert.equal(await curl(...options, `${url}ca.pem`), authority.pem + version)
      running.child.kill('SIGINT')
      assert.equal((await running.ended).status, 0)
    })

  test('keeps of a large file only what a slow client has room for', {
    skip: sanitized,
  }, async () => {
    const large = put('large.bin', '')
    truncateSync(large, 200_000_000)
    const args = ['serve', policy(), 'site', '--port', '0', '--directory', file('.')]
    const running = startLwsSs(args, tellsMemory)
    await running.hasWritten((output) => output.includes('\n'))
    const url = running.output.toString().trim()
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'readable')
    // Long enough for all of it.
    assert.equal(
      await curl(`${url}large.bin`, '-o', '/dev/null', '-w', '%{size_download}'),
      '200000000',
    )
    socket.destroy()
    running.child.kill('SIGINT')
    const { complaints } = await running.ended
    assert.ok(Number(complaints) < 170_000, `${complaints} KiB`)
  })

  for (const [args, status, complaint] of [
    [['client'], 2, /'client' is a client in the policy: lws-ss run/],
    [['nobody'], 2, /the policy has no streamtype 'nobody'/],
    [['nobody', '--port', '0'], 2, /the policy has no streamtype 'nobody'/],
    [['lamps', '--directory', '.'], 2, /'lamps' is raw, which has no files/],
    [['site', '--directory', '/nowhere'], 1, /the directory cannot be read: ENOENT/],
    [['site', '--directory', 'package.json'], 1, /the directory cannot be read: ENOTDIR/],
    [['site', '--port', 'x'], 2, /argument 'x' is invalid. It is a number from 0 to 65535/],
  ] as const)
    test(`complains about "${args.join(' ')}" in one line`, () => {
      const ended = lwsSs(['serve', policy(), ...args])
      assert.deepEqual([ended.status, ended.stdout], [status, ''])
      assert.match(ended.stderr, /^lws-ss: [^\n]*\n$/)
      assert.match(ended.stderr, complaint)
    })

  test('complains of a port that is in use, and of a policy with errors', async () => {
    const other = net.createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as net.AddressInfo
    const taken = lwsSs(['serve', policy(), 'site', '--port', `${port}`])
    assert.equal(taken.status, 1)
    assert.match(taken.stderr, /^lws-ss: 'site' cannot listen: listen EADDRINUSE: [^\n]*\n$/)
    other.close()
    const broken = lwsSs(['serve', put('broken.json', '{"s": [{"site": {"prot": "h1"}}]}'), 'site'])
    assert.equal(broken.status, 1)
    assert.match(
      broken.stderr,
      /broken.json:1:\d+: error: .*\nlws-ss: the policy .* cannot be used\n$/s,
    )
  })
})
