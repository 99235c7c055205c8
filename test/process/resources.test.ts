import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import {
  CertificateAuthority,
  type Peer,
  startHttp1,
  startHttp2,
  startMosquitto,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { fixtureReports, runFixture } from '../support/run-fixture.js'

const sizeofPollfd = 8
const sizeofPointer = 8
const FEW = 5
const SANITIZED = "the sanitizers' memory is counted along"
const sanitized = process.env.ASAN_OPTIONS !== undefined

interface Measured {
  handles: number
  descriptors: number
  kilobytes: number
}

describe('what contexts take of the process', () => {
  const peers: Record<string, Peer> = {}
  let policy: ReturnType<typeof policyOf>

  before(async () => {
    const authority = await CertificateAuthority.create()
    const tls = await authority.issue()
    peers.h1 = await startHttp1()
    peers.h2 = await startHttp2()
    peers.ws = await startWebSocket()
    peers.mqtt = await startMosquitto()
    peers.raw = await startRaw()
    peers.tls = await startWebSocket({ tls })
    peers.silent = await startRaw({ accept: (socket) => socket.resume() })
    policy = policyOf(
      {
        h1: streamtype('h1', peers.h1),
        h2: streamtype('h2', peers.h2),
        ws: streamtype('ws', peers.ws),
        mqtt: streamtype('mqtt', peers.mqtt),
        raw: streamtype('raw', peers.raw),
        tls: streamtype('ws', peers.tls, { tls: true }),
        silent: streamtype('raw', peers.silent, { tls: true }),
      },
      authority,
    )
  })
  after(async () => {
    for (const peer of Object.values(peers)) await peer.close()
  })

  test('1,000 contexts leave descriptors, handles and memory as they were', async () => {
    const reports = await fixtureReports('churn', {
      argument: { policy, warmUp: 210, rounds: 4, perRound: 250 },
      flags: ['--expose-gc'],
    })
    const [first, ...later] = reports as Measured[]
    const last = later.at(-1)
    assert.ok(first && last)
    assert.deepEqual(
      later.map(({ descriptors }) => descriptors),
      later.map(() => first.descriptors),
    )
    // V8 has timers of its own, now and then one more.
    assert.ok(last.handles - first.handles < FEW, `${first.handles} handles, now ${last.handles}`)
    const grown = last.kilobytes - first.kilobytes
    if (!sanitized) assert.ok(grown < 16 * 1024, `memory grew by ${grown} kB`)
  })

  // Node raises its limit to the hard one.
  const limit =
    process.platform === 'win32'
      ? 0
      : Number(execFileSync('/bin/sh', ['-c', 'ulimit -Hn']).toString()) || 1024 ** 2
  test('the limit of descriptors costs contexts no memory', {
    skip: (limit < 20_000 && 'is too low here to tell') || (sanitized && SANITIZED),
  }, async () => {
    // So many that their tables would stand out from what V8 takes by and by.
    const tables = 128 * 1024 * 1024
    const count = Math.ceil(tables / (limit * (sizeofPollfd + sizeofPointer)))
    const grown = async (shell: string) => {
      const ended = await runFixture('hoard', { argument: { count }, shell })
      assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ''])
      return (ended.reports[0] as { bytes: number }).bytes
    }
    const small = await grown('ulimit -n 2048')
    const large = await grown('true')
    assert.ok(
      // The C library clears part of tables that are not much larger than its own units.
      large - small < tables * 0.7,
      `${count} contexts took ${large} bytes with ${limit} descriptors, ${small} with 2048`,
    )
  })

  test('messages that a broker never acknowledged go with their stream', {
    skip: sanitized && SANITIZED,
  }, async () => {
    const rounds = 50
    const reports = await fixtureReports('unacknowledged', {
      argument: { rounds },
      flags: ['--expose-gc'],
    })
    const [{ megabytes }] = reports as [{ megabytes: number }]
    assert.ok(megabytes < rounds / 2, `memory grew by ${megabytes} MB`)
  })

  test('contexts leave the signal handlers of the program in place', {
    skip: process.platform === 'win32' && 'has no such signals',
  }, async () => {
    const ended = await runFixture('signals')
    const reports = ['SIGPIPE', 'SIGHUP', 'SIGUSR2', 'SIGINT']
    assert.deepEqual(ended, { code: 0, signal: null, stderr: '', reports })
  })
})
