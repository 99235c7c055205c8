/** `lws-ss init`: what it writes, that it works, and that it replaces nothing by itself. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { startHttp1, startHttp2, startMosquitto, startRaw, startWebSocket } from '../peers/index.js'
import { disposedAfterSuite } from '../support/suite-peers.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { commandLine, lwsSs, runLwsSs } from './helpers.js'

describe('lws-ss init', { timeout: 60_000 }, () => {
  const { file, put } = temporaryFolder()
  const peers = disposedAfterSuite()
  const ports: Record<string, number> = {}

  before(async () => {
    const [h1, h2, ws, mqtt, raw] = await Promise.all([
      startHttp1(),
      startHttp2(),
      startWebSocket(),
      startMosquitto(),
      startRaw(),
    ])
    peers.push(h1, h2, ws, mqtt, raw)
    for (const [name, { port }] of Object.entries({ h1, h2, ws, mqtt, raw })) ports[name] = port
  })

  const post = ['--method', 'POST']
  const topics = ['--topic', 'test/init', '--subscribe', 'test/init']
  for (const [name, url, args] of [
    ['h1', 'http://localhost:PORT/echo', post],
    ['h2', 'http://localhost:PORT/echo', [...post, '--http2']],
    ['ws', 'ws://localhost:PORT', []],
    ['mqtt', 'mqtt://localhost:PORT', topics],
    ['raw', 'tcp://127.0.0.1:PORT', []],
  ] as const)
    it(`writes a policy of ${name} that checks without a warning, and works`, async () => {
      const policy = file(`${name}.json`)
      const address = url.replace('PORT', String(ports[name]))
      const made = lwsSs(['init', policy, '--url', address, '--name', 'it', ...args])
      assert.deepEqual([made.status, made.stderr], [0, ''])
      assert.equal(made.stdout, `Wrote ${policy}. Now try it:\n\n  lws-ss run ${policy} it\n`)
      const checked = lwsSs(['check', policy])
      assert.doesNotMatch(checked.stdout, /: (warning|error): /)
      assert.equal(checked.status, 0)
      const { status, output, complaints } = await runLwsSs(['run', policy, 'it', '-d', 'hello'])
      assert.equal(status, 0, complaints)
      assert.equal(output.toString().trimEnd(), 'hello')
    })

  it('makes metadata of gaps in the URL, and says how it is given', async () => {
    const policy = file('gap.json')
    const url = `http://localhost:${ports.h1}/\${kind}/\${status}`
    const { stdout } = lwsSs(['init', policy, '--url', url])
    assert.match(stdout, / -m kind=… -m status=…\n$/)
    const given = ['-m', 'kind=status', '-m', 'status=404']
    const { status, output } = await runLwsSs(['run', policy, 'localhost', ...given])
    assert.equal(status, 3)
    assert.equal(output.toString(), 'GET /status/404')
  })

  it('replaces a file only with --force', () => {
    const there = put('there.json', 'precious')
    const args = ['init', there, '--url', 'http://localhost']
    const { status, stdout, stderr } = lwsSs(args)
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^lws-ss: [^\n]*there\.json is there already: [^\n]*--force[^\n]*\n$/)
    assert.equal(readFileSync(there, 'utf8'), 'precious')
    assert.equal(lwsSs([...args, '--force']).status, 0)
    assert.match(readFileSync(there, 'utf8'), /"endpoint": "localhost"/)
  })

  for (const [args, complaint] of [
    [[], /without a terminal to ask on, --url/],
    [['--url', 'example.com'], /'example.com' is no URL: write, for example, https:/],
    [['--url', 'ftp://a'], /'ftp:' is not one of http, https, ws/],
    [['--url', 'tcp://a'], /'tcp:\/\/a' has no port/],
    [['--url', 'https://me:secret@a'], /no place for a user and a password/],
    [['--url', 'mqtt://a'], /needs --topic, --subscribe or both/],
    [['--url', 'mqtt://a', '--topic', 'a/+'], /mqtt_topic: /],
    [['--url', 'https://a', '--topic', 'b'], /--topic has no meaning for https:\/\/a/],
    [['--url', 'https://a', '--method', 'get'], /http_method: .*GET/],
    [['--url', 'https://a', '--name', 'a.b'], /a\.b/],
  ] as const)
    it(`complains about "${args.join(' ')}" in one line, and writes nothing`, () => {
      const { status, stdout, stderr } = lwsSs(['init', file('none.json'), ...args])
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /^lws-ss: [^\n]+\n$/)
      assert.match(stderr, complaint)
      assert.equal(existsSync(file('none.json')), false)
    })

  describe('on a terminal', { skip: process.platform !== 'linux' }, () => {
    /** Answers each question when it is asked. An answer `undefined` is Ctrl-D. */
    async function answering(
      args: string[],
      answers: readonly (readonly [question: RegExp, answer: string])[],
    ): Promise<{ status: number | null; shown: string }> {
      const command = ['--quiet', '--return', '--command', commandLine(args), '/dev/null']
      const env = { ...process.env, TERM: 'xterm', CI: undefined }
      const child = spawn('script', command, { env })
      const closed = once(child, 'close')
      let shown = ''
      let from = 0
      child.stdout.on('data', (piece) => {
        shown += stripVTControlCharacters(String(piece))
        const [question, answer] = answers[0] ?? []
        if (!question?.test(shown.slice(from))) return
        from = shown.length
        answers = answers.slice(1)
        child.stdin.write(answer)
      })
      const [status] = await closed
      return { status, shown }
    }

    it('asks for what it needs, and again after what cannot be', async () => {
      const policy = file('asked.json')
      const { status, shown } = await answering(
        ['init', policy],
        [
          [/URL of the peer .*: $/, 'localhost\r'],
          [/is no URL.*URL of the peer .*: $/s, `http://localhost:${ports.h1}/echo\r`],
          [/Name of the streamtype \[localhost\]: $/, 'it\r'],
          [/Method \[GET\]: $/, 'post\r'],
          [/HTTP\/2 \(y\/n\) \[n\]: $/, '\r'],
        ],
      )
      assert.equal(status, 0, shown)
      assert.match(shown, /Wrote /)
      const { output } = await runLwsSs(['run', policy, 'it', '-d', 'hello'])
      assert.equal(output.toString(), 'hello')
    })

    it('asks before it replaces a file, and writes nothing at Ctrl-D', async () => {
      const there = put('kept.json', 'precious')
      const refused = await answering(['init', there], [[/Replace .* \(y\/n\) \[n\]: $/, 'n\r']])
      assert.equal(refused.status, 1, refused.shown)
      const ended = await answering(['init', there], [[/Replace .* \(y\/n\) \[n\]: $/, '\x04']])
      assert.equal(ended.status, 130, ended.shown)
      assert.match(ended.shown, /lws-ss: nothing was written/)
      assert.equal(readFileSync(there, 'utf8'), 'precious')
    })
  })
})
