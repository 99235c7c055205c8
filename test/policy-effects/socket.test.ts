import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openContext, type PolicyInput, type SecureStream } from 'lws-secure-streams'
import { startAbstractBridge, startHttp2, starts } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import {
  ownTopic,
  type ProtocolName,
  perProtocol,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextState, receiveBytes } from '../support/states.js'
import { effectOf } from './effect-of.js'

type Definition = NonNullable<PolicyInput['s']>[number][string]

const gaveUp = { code: 'ERR_SS_ALL_RETRIES_FAILED' }
const hasIPv6 = Object.values(os.networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)
const onLinux = process.platform === 'linux'

async function converse(stream: SecureStream): Promise<void> {
  for (const text of ['hello', 'again']) {
    await stream.send(text)
    assert.equal(String(await receiveBytes(stream, text.length)), text)
  }
}

async function converseBy(definition: Definition, protocol: ProtocolName): Promise<void> {
  await using context = await openContext({ policy: policyOf({ it: definition }) })
  await converse(context.stream('it', ownTopic(protocol)))
}

describe('where a stream connects', { timeout: 60_000 }, () => {
  for (const protocol of protocols) {
    effectOf('s.port', `${protocol} connects to that port`, async () => {
      await using here = await starts[protocol]()
      await using there = await starts[protocol]()
      const definition = streamtype(protocol, here)
      await converseBy(definition, protocol)
      assert.deepEqual([here.connections > 0, there.connections], [true, 0])
      await converseBy({ ...definition, port: there.port }, protocol)
      assert.ok(there.connections > 0)
    })

    effectOf('s.endpoint', `${protocol} connects to what its metadata make of it`, async () => {
      await using peer = await starts[protocol]()
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      const definition = streamtype(protocol, peer, { endpoint: '${a}.0.0.${d}' })
      const metadata = [{ a: '' }, { d: '' }, { topic: '' }]
      await using context = await openContext({
        policy: policyOf({ it: { ...definition, metadata } }),
      })
      const values = { a: '127', d: '1', ...ownTopic(protocol).metadata }
      await converse(context.stream('it', { metadata: values }))
      assert.ok(peer.connections > 0)
    })

    // Other systems have no address of their own besides 127.0.0.1.
    if (!onLinux) continue
    effectOf('s.endpoint', `${protocol} connects to that address`, async () => {
      await using here = await starts[protocol]()
      await using there = await starts[protocol]({ host: '127.0.0.2', port: here.port })
      const definition = streamtype(protocol, here)
      await converseBy(definition, protocol)
      assert.deepEqual([here.connections > 0, there.connections], [true, 0])
      await converseBy({ ...definition, endpoint: '127.0.0.2' }, protocol)
      assert.ok(there.connections > 0)
    })
  }
})

describe('Unix sockets', { timeout: 60_000, skip: process.platform === 'win32' }, () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'unix:sockets-'))
  })
  after(() => rm(folder, { recursive: true }))

  let sockets = 0
  /** A peer of the protocol on a socket of its own. */
  const places = {
    'by path': async (protocol: ProtocolName) => {
      const file = path.join(folder, `socket${++sockets}`)
      return { endpoint: `+${file}`, peers: [await starts[protocol]({ path: file })] }
    },
    ...(onLinux && {
      'by abstract name': async (protocol: ProtocolName) => {
        const name = `lws-secure-streams test ${process.pid} ${++sockets}`
        const peer = await starts[protocol]()
        return { endpoint: `+@${name}`, peers: [await startAbstractBridge(name, peer), peer] }
      },
    }),
  }
  for (const protocol of protocols)
    for (const [how, place] of Object.entries(places))
      effectOf(
        's.endpoint',
        `${protocol} on a Unix socket, ${how}, until that is gone`,
        async () => {
          const { endpoint, peers } = await place(protocol)
          const transactional = protocol === 'h1' || protocol === 'h2'
          const definition = {
            ...perProtocol[protocol],
            endpoint,
            port: 0,
            retry: 'quick',
            // It is repeated, also when it went to a connection that was about to end.
            ...(transactional && { http_method: 'PUT' }),
          }
          await using context = await openContext({ policy: policyOf({ it: definition }) })
          const stream = context.stream('it', ownTopic(protocol))
          await converse(stream)
          const failed = nextState(stream, 'ALL_RETRIES_FAILED')
          for (const peer of peers) await peer.close()
          // An h1 or h2 stream is through with its connection anyway.
          if (transactional) await assert.rejects(stream.send('x'), gaveUp)
          await failed
          await assert.rejects(stream.connect(), (error: Error) => {
            // No such file, or nobody there to accept.
            assert.match(error.message, /no such socket|connection refused/)
            return true
          })
        },
      )
})

/** What the system has noted of the connection to `port`, as far as it is not 0. */
function socketMarks(port: number): Record<string, string> {
  const filter = ['state', 'established', 'dport', '=', `:${port}`]
  const told = String(execFileSync('ss', ['-tinOH', '--tos', ...filter]))
  const marks = Array.from(told.matchAll(/\b(tos|tclass|class_id):(0x\w+)/g))
  return Object.fromEntries(marks.map(([, name, value]) => [name, value]))
}

describe('marks of packets', { timeout: 60_000, skip: !onLinux }, () => {
  const marksOf = async (host: string, attributes: Definition) => {
    const server = net.createServer((socket) => socket.pipe(socket))
    await using peer = await ServerPeer.listen(server, { host })
    const definition = streamtype('raw', peer, { endpoint: host, ...attributes })
    await using context = await openContext({ policy: policyOf({ it: definition }) })
    await context.stream('it').connect()
    return socketMarks(peer.port)
  }
  const tosOf = async (attributes: Definition) => (await marksOf('127.0.0.1', attributes)).tos
  const tclassOf = async (attributes: Definition) => (await marksOf('::1', attributes)).tclass

  const sets = (key: string, bits: string) => async () => {
    assert.equal(await tosOf({}), undefined)
    assert.equal(await tosOf({ [key]: true }), bits)
    if (!hasIPv6) return
    assert.equal(await tclassOf({}), undefined)
    assert.equal(await tclassOf({ [key]: true }), bits)
  }
  effectOf('s.attr_low_latency', 'sets its bit of the ToS', sets('attr_low_latency', '0x10'))
  effectOf('s.attr_high_throughput', 'sets its bit', sets('attr_high_throughput', '0x8'))
  effectOf('s.attr_high_reliability', 'sets its bit', sets('attr_high_reliability', '0x4'))

  test('several of them are set together', async () => {
    assert.equal(await tosOf({ attr_low_latency: true, attr_high_throughput: true }), '0x18')
    const all = { attr_low_latency: true, attr_high_throughput: true, attr_high_reliability: true }
    if (hasIPv6) assert.equal(await tclassOf(all), '0x1c')
    // TCP has no bit for low cost any more, which must not cost the others theirs.
    assert.equal(await tosOf({ ...all, attr_low_cost: true }), '0x1c')
  })

  effectOf('s.attr_priority', "is the socket's priority", async () => {
    const priorityOf = async (attributes: Definition) =>
      (await marksOf('127.0.0.1', attributes)).class_id
    assert.equal(await priorityOf({}), undefined)
    assert.equal(await priorityOf({ attr_priority: 5 }), '0x5')
    assert.equal(await priorityOf({ attr_priority: 3, attr_low_latency: true }), '0x3')
  })

  for (const attribute of [{ attr_low_latency: true }, { attr_priority: 4 }])
    test(`streams share no connection that lacks their ${Object.keys(attribute)[0]}`, async () => {
      await using peer = await startHttp2()
      const definition = streamtype('h2', peer)
      await using context = await openContext({
        policy: policyOf({ plain: definition, marked: { ...definition, ...attribute } }),
      })
      for (const name of ['plain', 'marked', 'plain', 'marked'])
        await (await context.request(name, { body: 'x' })).text()
      assert.equal(peer.sessions, 2)
    })
})
