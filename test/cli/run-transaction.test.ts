import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, truncateSync } from 'node:fs'
import type { Socket } from 'node:net'
import { before, describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { type HttpProxyPeer, startHttpProxy } from '../peers/http-proxy.js'
import {
  CertificateAuthority,
  patternBytes,
  startHttp1,
  startHttp2,
  startNginx,
  startRaw,
} from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { disposedAfterSuite } from '../support/suite-peers.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { onTerminal, runLwsSs, sanitized, startLwsSs, tellsMemory } from './helpers.js'

const MIB = 1024 * 1024
const CURSOR_TO_START = '\x1b[1G'
describe('lws-ss run on h1 and h2', { timeout: 120_000 }, () => {
  const { file, put } = temporaryFolder()
  const page = patternBytes(3 * MIB)
  const peers = disposedAfterSuite()
  let policy: string
  let authority: CertificateAuthority
  let proxy: HttpProxyPeer
  let asked: Promise<void>

  before(async () => {
    let tell = () => {}
    asked = new Promise((resolve) => {
      tell = resolve
    })
    const accept = (socket: Socket) => socket.once('data', tell)
    authority = await CertificateAuthority.create()
    proxy = await startHttpProxy()
    peers.push(proxy)
    const [h1, tls, h2, nginx, dead, silent, mute] = await Promise.all([
      startHttp1(),
      startHttp1({ tls: await authority.issue() }),
      startHttp2(),
      startNginx({ files: { page } }),
      deadPort(),
      startRaw({ accept }),
      startRaw({ accept: () => {} }),
    ])
    peers.push(h1, tls, h2, nginx, dead, silent, mute)
    const of = (url: string, more = {}) =>
      streamtype('h1', h1, { http_method: 'GET', http_url: url, opportunistic: false, ...more })
    const streamtypes = {
      page: of('page', { port: nginx.port }),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      any: of('${path}', { metadata: [{ path: '' }, { type: 'content-type:' }] }),
      missing: of('status/404'),
      moved: of('redirect/302/elsewhere'),
      strict: of('', { http_expect: 204 }),
      silent: of('', { port: mute.port }),
      secure: streamtype('h1', tls, { opportunistic: false, tls: true }),
      plain: of('', { port: tls.port }),
      site: { server: true, protocol: 'h1' as const, endpoint: '127.0.0.1', port: 0 },
      hangs: of('', { port: silent.port }),
      cut: of('truncate'),
      dead: of('', { port: dead.port }),
      h1: streamtype('h1', h1, { opportunistic: false }),
      h2: streamtype('h2', h2, { opportunistic: false }),
    }
    policy = put('policy.json', JSON.stringify(policyOf(streamtypes)))
  })

  it('writes the payload of the answer to standard output, and nothing else', async () => {
    const { status, output, complaints } = await runLwsSs(['run', policy, 'page'])
    assert.equal(complaints, '')
    assert.equal(status, 0)
    assert.ok(output.equals(page))
  })

  for (const option of [['--wait', '1'], ['--binary']])
    it(`refuses ${option[0]}, which is for sessions`, async () => {
      const { status, output, complaints } = await runLwsSs(['run', policy, 'page', ...option])
      assert.equal(output.length, 0)
      assert.equal(
        complaints,
        `lws-ss: 'page' performs one transaction, for which ${option[0]} has no meaning\n`,
      )
      assert.equal(status, 2)
    })

  it('writes it into a file, in place of what is there', async () => {
    const target = put('longer', Buffer.alloc(4 * MIB))
    const { status, output } = await runLwsSs(['run', policy, 'page', '--output', target])
    assert.equal(status, 0)
    assert.equal(output.length, 0)
    assert.ok(readFileSync(target).equals(page))
  })

  it('takes metadata, and tells the result as JSON beside the payload', async () => {
    const args = ['run', policy, 'any', '--metadata', 'path=a/007', '--json']
    const { status, output, complaints } = await runLwsSs(args)
    assert.equal(status, 0)
    assert.equal(output.toString(), 'GET /a/007')
    const { headers, url, ...rest } = JSON.parse(complaints)
    assert.equal(headers['content-type'], 'text/x-test')
    assert.match(url, /^http:\/\/localhost:\d+\/a\/007$/)
    assert.deepEqual(rest, {
      streamtype: 'any',
      acked: true,
      state: 'QOS_ACK_REMOTE',
      status: 200,
      statusText: 'OK',
      metadata: { path: 'a/007', type: 'text/x-test' },
      sent: 0,
      received: 10,
    })
  })

  it('tells the result on standard output when a file has the payload', async () => {
    const args = ['run', policy, 'page', '--output', file('page'), '--json']
    const { output, complaints } = await runLwsSs(args)
    assert.equal(complaints, '')
    assert.equal(JSON.parse(output.toString()).received, page.length)
  })

  for (const protocol of ['h1', 'h2']) {
    it(`sends text on ${protocol} as it is given`, async () => {
      for (const text of ['007', '', '-1', 'ä=b\n']) {
        const { status, output } = await runLwsSs(['run', policy, protocol, `--data=${text}`])
        assert.equal(status, 0)
        assert.equal(output.toString(), text)
      }
    })

    it(`sends a file on ${protocol}`, async () => {
      const args = ['run', policy, protocol, '--data-file', put('upload', page), '--json']
      const { status, output, complaints } = await runLwsSs(args)
      assert.equal(status, 0)
      assert.ok(output.equals(page))
      assert.equal(JSON.parse(complaints).sent, page.length)
    })
  }

  it('takes no more memory for large files, either way', { skip: sanitized }, async () => {
    const memoryFor = async (size: number) => {
      const source = put('large', '')
      truncateSync(source, size)
      const args = ['run', policy, 'h1', '--data-file', source, '--output', file('copy')]
      const { status, complaints } = await startLwsSs(args, tellsMemory).ended
      assert.equal(status, 0)
      assert.equal(readFileSync(file('copy')).length, size)
      return Number(complaints) * 1024
    }
    const [small, large] = [await memoryFor(MIB), await memoryFor(192 * MIB)]
    assert.ok(large - small < 64 * MIB, `${small} bytes for 1 MiB, ${large} for 192`)
  })

  it('has status 3 when the peer refuses, whose answer is written all the same', async () => {
    const { status, output, complaints } = await runLwsSs(['run', policy, 'missing'])
    assert.equal(status, 3)
    assert.equal(output.toString(), 'GET /status/404')
    assert.equal(complaints, "lws-ss: 'missing' was answered with 404 Not Found\n")
    const told = await runLwsSs(['run', policy, 'missing', '--json'])
    assert.equal(told.status, 3)
    const { acked, status: code, statusText } = JSON.parse(told.complaints)
    assert.deepEqual([acked, code, statusText], [false, 404, 'Not Found'])
  })

  it('begins a line on a terminal for what it says behind the payload', async () => {
    const shown = await onTerminal(['run', policy, 'missing'])
    assert.match(shown, /GET \/status\/404\r\nlws-ss: 'missing' was answered/)
  })

  it('says that the peer may want TLS when it hangs up without it', async () => {
    const { status, complaints } = await runLwsSs(['run', policy, 'plain'])
    assert.equal(status, 4)
    assert.match(complaints, /before it had answered.*; a peer that wants TLS does so; "tls": true/)
  })

  it('leaves servers to lws-ss serve', async () => {
    const { status, complaints } = await runLwsSs(['run', policy, 'site'])
    assert.equal(status, 2)
    assert.equal(complaints, "lws-ss: 'site' is a server in the policy: lws-ss serve runs it\n")
  })

  it('says where a redirect leads that the policy does not follow', async () => {
    const { status, complaints } = await runLwsSs(['run', policy, 'moved'])
    assert.equal(status, 3)
    assert.match(
      complaints,
      /^lws-ss: 'moved' was answered with 302 Found: it leads to http:\/\/\S+; "allow_redirects": true .*\n$/,
    )
  })

  it('says which status the policy expects, when there is another', async () => {
    const { status, complaints } = await runLwsSs(['run', policy, 'strict'])
    assert.equal(status, 3)
    assert.match(complaints, /answered with 200 OK: the policy accepts 204 No Content alone/)
  })

  it('sends standard input with --data-file -', async () => {
    const { status, output } = await runLwsSs(['run', policy, 'h1', '--data-file', '-'], page)
    assert.equal(status, 0)
    assert.ok(output.equals(page))
  })

  it('gives up after --timeout', async () => {
    const { status, complaints } = await runLwsSs(['run', policy, 'silent', '--timeout', '0.2'])
    assert.equal(status, 4)
    assert.match(complaints, /^lws-ss: localhost:\d+: not done within 200 ms\n$/)
  })

  it('goes through the proxy of --proxy', async () => {
    const args = ['run', policy, 'h1', '-d', 'hello', '--proxy', `http://127.0.0.1:${proxy.port}`]
    const { status, output, complaints } = await runLwsSs(args)
    assert.equal(status, 0, complaints)
    assert.equal(output.toString(), 'hello')
    assert.equal(proxy.tunnels.length, 1)
    const wrong = await runLwsSs(['run', policy, 'h1', '--proxy', 'ftp://a'])
    assert.equal(wrong.status, 2)
    assert.match(
      wrong.complaints,
      /^lws-ss: option '--proxy <url>'[^\n]*is no proxy of HTTP[^\n]*\n$/,
    )
  })

  it('trusts the certificates of --ca, and no others', async () => {
    const ca = put('ca.pem', authority.pem)
    const { status, output } = await runLwsSs(['run', policy, 'secure', '--ca', ca, '-d', 'x'])
    assert.deepEqual([status, output.toString()], [0, 'x'])
    for (const other of ['system', 'node'])
      assert.equal((await runLwsSs(['run', policy, 'secure', '--ca', other])).status, 4)
  })

  it('has status 4 when nobody is there, and leaves the file as it was', async () => {
    const target = put('kept', 'precious')
    const args = ['run', policy, 'dead', '--output', target]
    const { status, complaints } = await runLwsSs(args)
    assert.equal(status, 4)
    assert.match(complaints, /^lws-ss: localhost:\d+: connection refused, 3 attempts\n$/)
    assert.equal(readFileSync(target, 'utf8'), 'precious')
    const told = await runLwsSs([...args, '--json'])
    assert.equal(told.status, 4)
    assert.equal(JSON.parse(told.output.toString()).error.code, 'ERR_SS_ALL_RETRIES_FAILED')
  })

  it('has status 4 when the answer is cut off', async () => {
    const { status, output, complaints } = await runLwsSs(['run', policy, 'cut'])
    assert.equal(status, 4)
    assert.equal(output.toString(), 'only this')
    assert.match(complaints, /^lws-ss: [^\n]+\n$/)
  })

  it('ends quietly when nobody reads on', async () => {
    const { child, ended } = startLwsSs(['run', policy, 'page'])
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const { status, complaints } = await ended
    assert.equal(complaints, '')
    assert.equal(status, 0)
  })

  it('ends at Ctrl-C with status 130', async () => {
    const { child, ended } = startLwsSs(['run', policy, 'hangs'])
    await Promise.race([asked, ended])
    child.kill('SIGINT')
    const { status, complaints } = await ended
    assert.equal(status, 130)
    assert.equal(complaints, 'lws-ss: ended by SIGINT\n')
  })

  describe('on a terminal', { skip: process.platform !== 'linux' }, () => {
    it('shows how far files are on their way', async () => {
      const whole = (label: string) =>
        new RegExp(`${label} {2}=+ 100 % {2}3\\.1 MB of 3\\.1 MB {2}\\d[\\d.]* [kMG]B/s`)
      const upload = ['--data-file', put('upload', page), '--output', file('copy')]
      const sent = stripVTControlCharacters(await onTerminal(['run', policy, 'h1', ...upload]))
      assert.match(sent, whole('sending'))
      assert.match(sent, whole('receiving'))
      const download = ['run', policy, 'page', '--output', file('copy')]
      const received = stripVTControlCharacters(await onTerminal(download))
      assert.match(received, whole('receiving'))
    })

    it('shows the time that is left, within 80 columns', async () => {
      const download = ['run', policy, 'cut', '--output', file('copy')]
      const shown = (await onTerminal(download))
        .split(CURSOR_TO_START)
        .flatMap((part) => stripVTControlCharacters(part).split('\r\n'))
      assert.ok(
        shown.some((line) => / \d+:\d\d left/.test(line)),
        shown.join('\n'),
      )
      for (const line of shown) assert.ok(line.trimEnd().length < 80, line)
    })

    it('is in colour where lws-ss check is', async () => {
      const bad = put('bad.json', '{ "s": 1 }')
      for (const args of [
        ['check', bad],
        ['run', bad, 'x'],
      ])
        assert.ok((await onTerminal(args)).includes('\x1b[31merror'))
    })
  })

  it('shows what is wrong with a policy as lws-ss check does', async () => {
    const bad = put('bad.json', '{ "s": [ { "get":\n  { "endpoint": "x", "port": true } } ] }')
    const { status, output, complaints } = await runLwsSs(['run', bad, 'get'])
    assert.equal(status, 1)
    assert.equal(output.length, 0)
    assert.ok(complaints.includes(`${bad}:2:30: error: s[0].get.port: `), complaints)
    const told = await runLwsSs(['run', bad, 'get', '--json'])
    assert.equal(told.status, 1)
    const { code, diagnostics } = JSON.parse(told.complaints).error
    assert.equal(code, 'ERR_SS_POLICY')
    assert.equal(diagnostics[0].line, 2)
  })

  const mistakes: [string, () => string[], number, RegExp][] = [
    ['a policy that is not there', () => [file('none'), 'any'], 1, /cannot be read: ENOENT/],
    ['another streamtype', () => [policy, 'ani'], 2, /no streamtype 'ani'/],
    ['other metadata', () => [policy, 'any', '--metadata', 'x=y'], 2, /no metadata 'x'/],
    ['what no header has', () => [policy, 'any', '--metadata', 'type=a\nb'], 2, /no header has/],
    ['data to GET', () => [policy, 'any', '--data', 'x'], 2, /cannot send/],
    ['no file to send', () => [policy, 'h1', '--data-file', file('none')], 1, /cannot be read/],
    ['a folder to send', () => [policy, 'h1', '--data-file', '.'], 1, /no regular file/],
    ['a folder to write', () => [policy, 'any', '--output', '.'], 1, /cannot be written/],
  ]
  for (const [what, args, wanted, complaint] of mistakes)
    it(`says in one line that it was given ${what}`, async () => {
      const { status, output, complaints } = await runLwsSs(['run', ...args()])
      assert.equal(output.length, 0)
      assert.match(complaints, /^lws-ss: [^\n]+\n$/)
      assert.match(complaints, complaint)
      assert.equal(status, wanted)
    })
})
