import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, patternBytes, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, receiveBytes } from '../support/states.js'

describe('raw', { timeout: 60_000 }, () => {
  test('TLS waits for the name to be resolved', async () => {
    const authority = await CertificateAuthority.create()
    await using peer = await startRaw({ tls: await authority.issue() })
    const context = await openContext({
      policy: policyOf({ it: streamtype('raw', peer, { tls: true }) }, authority),
    })
    const stream = context.stream('it')
    await stream.send('hello')
    assert.equal((await nextMessage(stream)).toString(), 'hello')
    await context.close()
  })

  test('a server may speak first', async () => {
    await using peer = await startRaw({ accept: (socket) => socket.write('welcome') })
    const context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    await stream.connect()
    assert.equal((await nextMessage(stream)).toString(), 'welcome')
    await context.close()
  })

  test('unix sockets, by path', { skip: process.platform === 'win32' }, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'raw-'))
    const file = path.join(folder, 'socket')
    await using _peer = await startRaw({ path: file })
    const context = await openContext({
      policy: policyOf({ it: { endpoint: `+${file}`, protocol: 'raw', port: 0 } }),
    })
    const stream = context.stream('it')
    await stream.send('hello')
    assert.equal((await nextMessage(stream)).toString(), 'hello')
    await context.close()
    await rm(folder, { recursive: true })
  })

  test('IPv6 addresses, with and without brackets', async (t) => {
    const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '::1')
    const listening = await once(server, 'listening').catch(() => undefined)
    if (!listening) return t.skip('there is no ::1 here')
    const { port } = server.address() as net.AddressInfo
    for (const endpoint of ['::1', '[::1]']) {
      const definition = streamtype('raw', { port }, { endpoint })
      const context = await openContext({ policy: policyOf({ it: definition }) })
      const stream = context.stream('it')
      await stream.send('hello')
      assert.equal((await nextMessage(stream)).toString(), 'hello')
      await context.close()
    }
    server.close()
  })

  test('a message that is cut off in the middle rejects', async () => {
    await using peer = await startRaw({
      accept: (socket: net.Socket) => socket.once('data', () => socket.destroy()),
    })
    const context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    const disconnected = nextState(stream, 'DISCONNECTED')
    await assert.rejects(stream.send(patternBytes(64 * 1024 * 1024)), {
      code: 'ERR_SS_DISCONNECTED',
    })
    await disconnected
    await context.close()
  })

  test('both directions at once', async () => {
    await using peer = await startRaw()
    const context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    const bytes = patternBytes(16 * 1024 * 1024)
    const [received] = await Promise.all([receiveBytes(stream, bytes.length), stream.send(bytes)])
    assert.ok(received.equals(bytes))
    await context.close()
  })
})
