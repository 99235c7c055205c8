// What was reported of how other clients connect.
import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, test } from 'node:test'
import { AllRetriesFailedError, openContext } from 'lws-secure-streams'
import { CertificateAuthority, startMosquitto } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { canReplaceFiles, replacingFiles } from '../support/own-hosts.js'
import { ownTopic, perProtocol, policyOf, streamtype } from '../support/policies.js'
import { fixtureReports } from '../support/run-fixture.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const skip = !canReplaceFiles() && 'no process here can have an /etc/hosts of its own'

describe('a name with several addresses', { timeout: 60_000, skip }, () => {
  const { put } = temporaryFolder()
  const hosts = put('hosts', '127.0.0.1 localhost\n::1 two\n127.0.0.1 two\n')

  // Node's issue 54359: node:net gives each address but the last 250 ms, and then ends the attempt. Over
  // a slow network, or to a server far away, all but one end that way, and if that one is dead, all do.
  test('is reached by an address that takes its time, while the others are dead', async () => {
    const reports = await fixtureReports('addresses', {
      argument: { scenario: 'the first is slow, the other one dead' },
      shell: replacingFiles({ '/etc/hosts': hosts }),
    })
    assert.deepEqual(reports, [['hello', ['CREATING', 'POLL', 'CONNECTING', 'CONNECTED']]])
  })
})

// comdb2's issue 2028 and rustls' 1707: with TLS 1.3 a client whose certificate is refused has finished its
// handshake by then. What it hears when it reads was taken for a failure of the network, to be tried again
// without an end, and nobody was told of the certificate.
test('a broker that requires a certificate is not an unreliable network', {
  timeout: 60_000,
}, async () => {
  const authority = await CertificateAuthority.create()
  const tls = { ...(await authority.issue()), requestCert: true, ca: authority.pem }
  await using broker = await startMosquitto({ tls })
  await using context = await openContext({
    policy: policyOf({ it: streamtype('mqtt', broker, { tls: true }) }, authority),
  })
  await assert.rejects(context.stream('it', ownTopic('mqtt')).send('x'), (error) => {
    assert.ok(error instanceof AllRetriesFailedError)
    assert.match(error.message, /requires a client certificate/)
    return true
  })
})

// curl's issue 8216 and hyper-util's 302: a socks5 proxy that keeps to RFC 1928 was asked to look up the
// name "127.0.0.1", or "[::1]".
test('a socks5 proxy is given names as names, and addresses as addresses', async () => {
  const asked: string[] = []
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(Buffer.of(5, 0))
      socket.once('data', (request) => {
        asked.push(request.subarray(3, -2).toString('latin1'))
        socket.end(Buffer.of(5, 2))
      })
    })
  })
  await using proxy = await ServerPeer.listen(server)
  const long = `${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(61)
  const v6 = (...bytes: number[]) =>
    String.fromCharCode(4, ...Array(16 - bytes.length).fill(0), ...bytes)
  const name = (text: string) => String.fromCharCode(3, text.length) + text
  for (const [endpoint, wanted] of [
    ['127.0.0.1', String.fromCharCode(1, 127, 0, 0, 1)],
    ['[::1]', v6(1)],
    ['[::ffff:1.2.3.4]', v6(255, 255, 1, 2, 3, 4)],
    ['localhost', name('localhost')],
    ['1.2.3.4.example', name('1.2.3.4.example')],
    ['127.1', name('127.1')],
    [long, name(long)],
  ] as const) {
    const definition = { ...perProtocol.raw, endpoint, port: 80 }
    await using context = await openContext({
      policy: { 'via-socks5': `127.0.0.1:${proxy.port}`, ...policyOf({ it: definition }) },
    })
    await assert.rejects(context.stream('it').connect())
    assert.equal(asked.at(-1), wanted, endpoint)
  }
})
