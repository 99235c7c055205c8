// What was reported of how other clients connect.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AllRetriesFailedError, openContext } from 'lws-secure-streams'
import { CertificateAuthority, startMosquitto } from '../peers/index.js'
import { canReplaceFiles, replacingFiles } from '../support/own-hosts.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
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
    assert.match((error.cause as Error).message, /alert certificate required/)
    return true
  })
})
