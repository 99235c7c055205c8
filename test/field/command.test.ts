/**
 * What users of other commands for networks were surprised by, done with `lws-ss run`. Each is told at its
 * test.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { commandLine, runLwsSs, startLwsSs } from '../cli/helpers.js'
import { startAedes, startHttp1, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe('lws-ss run, where other commands surprised', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  const write = (streamtypes: Parameters<typeof policyOf>[0]) =>
    put('policy.json', JSON.stringify(policyOf(streamtypes)))

  // curl, issue 3789: a 404 has the exit status 0, so that scripts go on with the page that says so.
  test('a 404 is no success, and its page is there to be read', async () => {
    await using peer = await startHttp1()
    const policy = write({
      it: streamtype('h1', peer, { http_method: 'GET', http_url: 'status/404' }),
    })
    const { status, output, complaints } = await runLwsSs(['run', policy, 'it'])
    assert.equal(status, 3)
    assert.equal(output.toString(), 'GET /status/404')
    assert.match(complaints, /404 Not Found/)
  })

  // httpie, issues 190 and 457: from cron, or by ssh, standard input is no terminal and never ends: a GET
  // became a POST, or waited for ever.
  for (const method of ['GET', 'POST'] as const)
    test(`a ${method} does not wait for standard input that nobody writes to`, async () => {
      await using peer = await startHttp1()
      const policy = write({ it: streamtype('h1', peer, { http_method: method }) })
      const { status, complaints } = await startLwsSs(['run', policy, 'it']).ended
      assert.deepEqual([status, complaints], [0, ''])
      assert.deepEqual(
        peer.requests.map((request) => [request.method, request.body.length]),
        [[method, 0]],
      )
    })

  // httpie, issue 181: in a loop of a shell that reads lines, the first request took the other lines
  // for its body.
  test('a loop of a shell keeps its lines', { skip: process.platform === 'win32' }, async () => {
    await using peer = await startHttp1()
    const policy = write({
      it: streamtype('h1', peer, {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        ...{ http_url: '${line}', metadata: [{ line: '' }] },
      }),
    })
    const each = `${commandLine(['run', policy, 'it'])} -m "line=$line"`
    const shell = spawn('sh', ['-c', `while read line; do ${each}; done`])
    shell.stdin.end('one\ntwo\nthree\n')
    const [[status], complaints] = await Promise.all([once(shell, 'close'), text(shell.stderr)])
    assert.deepEqual([status, complaints], [0, ''])
    assert.deepEqual(
      peer.requests.map(({ url, body }) => [url, body.length]),
      [
        ['/one', 0],
        ['/two', 0],
        ['/three', 0],
      ],
    )
  })

  // websocat, issue 4: a message from a pipe was sent, and the connection closed before the answer came,
  // in six of ten runs.
  test('the answer to a message from a pipe is awaited', async () => {
    await using peer = await startWebSocket({ echo: false })
    peer.webSockets.on('connection', (socket) =>
      socket.on('message', () =>
        setTimeout(() => {
          socket.send('the answer')
          socket.close()
        }, 200),
      ),
    )
    const policy = write({ it: streamtype('ws', peer, { ws_binary: false }) })
    const { status, output } = await runLwsSs(
      ['run', policy, 'it', '--wait', '30', '--json'],
      'foo',
    )
    assert.deepEqual([status, output.toString()], [0, 'the answer\n'])
  })

  // websocat, issue 63: a server that closes behind the handshake, with 1008, was not noticed while
  // standard input was open.
  test('a server that closes at once ends the session, and says why', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    server.on('connection', (socket) => socket.close(1008, 'no such room'))
    const { port } = server.address() as { port: number }
    const policy = write({ it: { ...streamtype('ws', { port }), endpoint: '127.0.0.1' } })
    const { status, complaints } = await startLwsSs(['run', policy, 'it']).ended
    server.close()
    assert.equal(status, 4)
    assert.match(complaints, /^lws-ss: [^\n]*1008[^\n]*no such room[^\n]*\n$/)
  })

  // mosquitto_pub -l, issue 1475: the last line was lost when no line end was behind it. Issue 676: it
  // did not end when there were no lines at all.
  test('the last line is published without a line end, and no lines are none', async () => {
    await using broker = await startAedes()
    const { mqtt_subscribe: _, ...publishes } = streamtype('mqtt', broker)
    const policy = write({ it: publishes })
    const args = ['run', policy, 'it', '-m', 'topic=field', '--wait', '0']
    const { status, complaints } = await runLwsSs(args, 'one\ntwo')
    assert.equal(status, 0, complaints)
    assert.deepEqual(
      broker.published.map(({ payload }) => payload.toString()),
      ['one', 'two'],
    )
    const empty = await runLwsSs(args, '')
    assert.equal(empty.status, 0, empty.complaints)
    assert.equal(broker.published.length, 2)
  })
})
