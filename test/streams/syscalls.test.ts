import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  CertificateAuthority,
  type Peer,
  startHttp1,
  startHttp2,
  startMosquitto,
  startNginx,
  startWebSocket,
} from '../peers/index.js'
import { runFixture } from '../support/run-fixture.js'

const FEW = 2000
const MANY = 12_000

// A process that is traced cannot look for leaks, and the sanitizers make calls of their own.
const uncountable = process.platform !== 'linux' || process.env.ASAN_OPTIONS !== undefined

/** Calls to the system for each operation, beside what starting and ending a process takes. */
describe('system calls', { timeout: 120_000, skip: uncountable }, () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'strace-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function calls(load: object, operations: number): Promise<Map<string, number>> {
    const summary = path.join(folder, 'summary')
    const { code, stderr } = await runFixture('load', {
      argument: { ...load, operations },
      shell: `exec strace -f -qq -c -U name,calls -o ${summary} "$0" "$@"`,
    })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const rows = (await readFile(summary, 'utf8')).matchAll(/^(\w+)\s+(\d+)$/gm)
    return new Map(Array.from(rows, ([, name, count]) => [name as string, Number(count)]))
  }

  async function perOperation(load: object): Promise<(name: string) => number> {
    const few = await calls(load, FEW)
    const many = await calls(load, MANY)
    return (name) => ((many.get(name) ?? 0) - (few.get(name) ?? 0)) / (MANY - FEW)
  }

  async function withPeer(start: () => Promise<Peer>, use: (port: number) => Promise<void>) {
    await using peer = await start()
    await use(peer.port)
  }

  test('64 ws messages in flight take at most 1.1 each, all calls together', () =>
    withPeer(startWebSocket, async (port) => {
      const each = await perOperation({ protocol: 'ws', port, inFlight: 64 })
      assert.ok(each('total') > 0)
      assert.ok(each('total') <= 1.1, `${each('total')} calls a message`)
    }))

  test('a connection that one request leaves to the next stays as it is polled', () =>
    withPeer(startHttp1, async (port) => {
      const each = await perOperation({ protocol: 'h1', port, inFlight: 1 })
      assert.ok(each('epoll_ctl') < 1, `${each('epoll_ctl')} changes a request`)
    }))

  test('20 h2 streams that write together ask once for all whether the socket takes more', () =>
    withPeer(startHttp2, async (port) => {
      const each = await perOperation({ protocol: 'h2', port, inFlight: 20 })
      assert.ok(each('poll') < 1, `${each('poll')} polls a request`)
    }))

  test('the loop is not woken for what it is doing', () =>
    withPeer(startHttp2, async (port) => {
      const each = await perOperation({ protocol: 'h2', port, inFlight: 20 })
      // To the socket it is sendto.
      assert.ok(each('write') < 0.1, `${each('write')} writes a request`)
    }))

  test('one read takes what has come of TLS, and one write answers it', async () => {
    const authority = await CertificateAuthority.create()
    const tls = await authority.issue()
    await withPeer(
      // It sends each answer as a record.
      () => startNginx({ files: {}, tls, http2: true }),
      async (port) => {
        const each = await perOperation({ protocol: 'h2', port, ca: authority.pem, inFlight: 20 })
        assert.ok(each('read') < 1, `${each('read')} reads a request`)
        assert.ok(each('write') < 1, `${each('write')} writes a request`)
      },
    )
  })

  test('20 mqtt publishes leave in one call, and the broker can send the rest of its answers', () =>
    withPeer(startMosquitto, async (port) => {
      const each = await perOperation({ protocol: 'mqtt', port, inFlight: 20 })
      assert.ok(each('sendto') <= 0.1, `${each('sendto')} calls a message`)
      // Mosquitto's system keeps all but the first until it is told that this one has arrived.
      assert.ok(each('setsockopt') > 0.01, `${each('setsockopt')} times a message`)
    }))
})
