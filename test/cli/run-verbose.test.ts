/** What `lws-ss run -v` says of what passes on the wire. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import {
  CertificateAuthority,
  startHttp1,
  startHttp2,
  startMosquitto,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { disposedAfterSuite } from '../support/suite-peers.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { runLwsSs, startLwsSs } from './helpers.js'

describe('lws-ss run --verbose', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  const peers = disposedAfterSuite()
  let policy: string

  before(async () => {
    const authority = await CertificateAuthority.create()
    const tls = await authority.issue()
    const [h1, other, h2, ws, mqtt, raw, dead] = await Promise.all([
      startHttp1(),
      startHttp1({ tls }),
      startHttp2({ tls }),
      startWebSocket(),
      startMosquitto(),
      startRaw(),
      deadPort(),
    ])
    peers.push(h1, other, h2, ws, mqtt, raw, dead)
    const elsewhere = encodeURIComponent(`http://localhost:${h1.port}/echo`)
    const streamtypes = {
      h1: streamtype('h1', h1, {
        metadata: [{ token: 'authorization:' }, { kind: 'x-kind:' }],
      }),
      moved: streamtype('h1', h1, {
        ...{ http_method: 'GET', http_url: `redirect/302/${elsewhere}`, allow_redirects: true },
      }),
      secure: streamtype('h1', other, { tls: true }),
      h2: streamtype('h2', h2, { tls: true, metadata: [{ kind: 'x-kind:' }] }),
      ws: streamtype('ws', ws, { ws_binary: false }),
      mqtt: streamtype('mqtt', mqtt),
      raw: streamtype('raw', raw),
      dead: streamtype('h1', dead),
    }
    policy = put('policy.json', JSON.stringify(policyOf(streamtypes, authority)))
  })

  /** What is said of a transaction, line by line, without the payload. */
  async function saidOf(name: string, ...args: string[]): Promise<string[]> {
    const { complaints } = await runLwsSs(['run', policy, name, '-v', ...args])
    return complaints.trimEnd().split('\n')
  }
  /** The same, of a session that ends when its message has come back. */
  async function saidOfSession(name: string, ...args: string[]): Promise<string[]> {
    const running = startLwsSs(['run', policy, name, '-v', '--wait', 'Infinity', ...args])
    await running.hasWritten((output) => output.includes('hello'))
    running.child.kill('SIGINT')
    return (await running.ended).complaints.trimEnd().split('\n')
  }
  /** That these lines are there, in this order. */
  function inOrder(lines: string[], ...wanted: RegExp[]): void {
    let at = 0
    for (const one of wanted) {
      const found = lines.findIndex((line, index) => index >= at && one.test(line))
      assert.notEqual(found, -1, `${one} in\n${lines.join('\n')}`)
      at = found + 1
    }
  }

  it('has of h1 the address, the request and the answer, and no secrets', async () => {
    const given = ['-m', 'token=Bearer secret', '-m', 'kind=good', '-d', 'body']
    const lines = await saidOf('h1', ...given)
    inOrder(
      lines,
      /^\* .*connects to localhost:\d+/,
      /^\* connected to (127\.0\.0\.1|::1), port \d+$/,
      /^> POST \/echo HTTP\/1\.1$/,
      /^> Host: localhost:\d+$/i,
      /^< HTTP\/1\.1 200 OK$/,
      /^< content-length: 4$/i,
    )
    assert.ok(lines.some((line) => /^> authorization: ?Bearer \(not shown\)$/i.test(line)))
    assert.ok(!lines.join('\n').includes('secret'))
    assert.ok(!lines.some((line) => line.includes('body')), lines.join('\n'))
  })

  it('has both of what a redirect leads through', async () => {
    const lines = await saidOf('moved')
    inOrder(
      lines,
      /^> GET \/redirect\/302/,
      /^< HTTP\/1\.1 302 Found$/,
      /^< location: http:/i,
      /^> GET \/echo HTTP\/1\.1$/,
      /^< HTTP\/1\.1 200 OK$/,
    )
  })

  it('has of TLS its version, and the certificate', async () => {
    inOrder(
      await saidOf('secure', '-d', 'x'),
      /^\* TLSv1\.3, TLS_\w+(, ALPN http\/1\.1)?$/,
      /^\* certificate of CN=.*, from CN=.*, valid until /,
      /^> POST \/echo HTTP\/1\.1$/,
      /^< HTTP\/1\.1 200 OK$/,
    )
  })

  it('has of h2 the same', async () => {
    inOrder(
      await saidOf('h2', '-m', 'kind=good', '-d', 'body'),
      /^\* TLSv1\.3, .*, ALPN h2$/,
      /^> POST \/echo HTTP\/2$/,
      /^> host: localhost:\d+$/,
      /^> x-kind: good$/,
      /^< HTTP\/2 200 OK$/,
      /^< content-length: 4$|^< content-type: /,
    )
  })

  it('has of ws the upgrade and the frames', async () => {
    inOrder(
      await saidOfSession('ws', '-d', 'hello'),
      /^> GET \/ HTTP\/1\.1$/,
      /^< HTTP\/1\.1 101 Switching Protocols$/,
      /^> text message, 5 bytes$/,
      /^< text message, 5 bytes$/,
    )
  })

  it('has of mqtt the packets', async () => {
    inOrder(
      await saidOfSession('mqtt', '-m', 'topic=verbose', '-d', 'hello'),
      /^> CONNECT as ".*", keep-alive 60 s, clean session$/,
      /^< CONNACK accepted$/,
      /^> SUBSCRIBE to "test\/verbose" with QoS 1, packet \d+$/,
      /^< SUBACK QoS 1, packet \d+$/,
      /^> PUBLISH to "test\/verbose", 5 bytes, QoS 1, packet \d+$/,
      /^< PUBACK packet \d+$/,
    )
  })

  it('has of raw how many bytes', async () => {
    inOrder(await saidOfSession('raw', '-d', 'hello'), /^> 5 bytes$/, /^< 5 bytes$/)
  })

  it('says why there is no connection, and when the next attempt is made', async () => {
    inOrder(
      await saidOf('dead', '-d', 'x'),
      /^\* .*connects to localhost:\d+/,
      /^\* .*has no connection: /,
      /^\* .*tries again in 20 ms$/,
      /^\* .*tries again in 40 ms$/,
      /^lws-ss: /,
    )
  })

  it('says nothing of it without the option', async () => {
    const { complaints } = await runLwsSs(['run', policy, 'h1', '-d', 'x'])
    assert.equal(complaints, '')
  })
})
