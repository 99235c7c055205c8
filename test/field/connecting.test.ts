// What was reported of how other clients connect.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canReplaceFiles, replacingFiles } from '../support/own-hosts.js'
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
