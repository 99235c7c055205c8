import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  startAedes,
  startHttp1,
  startHttp2,
  startRaw,
  starts,
} from '../peers/index.js'
import { policyOf, protocols, streamtype } from '../support/policies.js'

const all = Object.values(networkInterfaces()).flat()
const skip = !all.some((one) => one?.address === '::1') && 'there is no ::1 here'
// Zones of addresses for which they mean nothing are taken by the system, and ignored.
const addresses = ['::1', '0:0:0:0:0:0:0:1', '[::1]', '::1%1', '[::1%1]']
// biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
const where = { endpoint: '${where}', metadata: [{ where: '' }, { topic: '' }] }

describe('an endpoint that is an address of IPv6', { timeout: 60_000, skip }, () => {
  for (const protocol of protocols)
    test(`is reached by ${protocol}, from the policy or from metadata, with brackets and without`, async () => {
      await using peer = await starts[protocol]({ host: '::1' })
      for (const address of addresses) {
        const policy = policyOf({
          written: streamtype(protocol, peer, { endpoint: address }),
          told: streamtype(protocol, peer, where),
        })
        await using context = await openContext({ policy })
        const topic = protocol === 'mqtt' && { topic: 't' }
        await using written = context.stream('written', { metadata: { ...topic } })
        await written.send('x')
        await using told = context.stream('told', { metadata: { ...topic, where: address } })
        await told.send('x')
      }
    })

  for (const [protocol, start] of [
    ['h1', startHttp1],
    ['h2', startHttp2],
  ] as const)
    test(`is told to an ${protocol} server without its zone, which means something only here`, async () => {
      await using peer = await start({ host: '::1' })
      const authority = `[::1]:${peer.port}`
      for (const address of addresses.filter((one) => one.includes('::1'))) {
        const policy = policyOf({ it: streamtype(protocol, peer, { endpoint: address }) })
        await using context = await openContext({ policy })
        const reply = await context.request('it', { body: 'x' })
        await reply.bytes()
        const { headers } = peer.requests.at(-1) ?? assert.fail('nothing was asked for')
        assert.equal(headers.host ?? headers[':authority'], authority)
        assert.equal(new URL(reply.url).host, authority)
      }
    })

  test('is redirected to itself, zone or not', async () => {
    await using peer = await startHttp1({ host: '::1' })
    const to = encodeURIComponent(`http://[::1]:${peer.port}/echo`)
    const policy = policyOf({
      it: streamtype('h1', peer, {
        endpoint: '::1%1',
        http_url: `/redirect/307/${to}`,
        allow_redirects: true,
      }),
    })
    await using context = await openContext({ policy })
    const reply = await context.request('it', { body: 'x' })
    assert.equal(await reply.text(), 'x')
  })

  test('is what a certificate is for, without the zone', async () => {
    const root = await CertificateAuthority.create()
    await using peer = await startRaw({ host: '::1', tls: await root.issue({ names: ['::1'] }) })
    await using other = await startRaw({ host: '::1', tls: await root.issue({ names: ['::2'] }) })
    for (const endpoint of addresses) {
      const policy = policyOf(
        {
          it: streamtype('raw', peer, { tls: true, endpoint }),
          other: streamtype('raw', other, { tls: true, endpoint }),
        },
        root,
      )
      await using context = await openContext({ policy })
      await using stream = context.stream('it')
      await stream.connect()
      await using refusing = context.stream('other')
      await assert.rejects(refusing.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      assert.match(refusing.lastError?.message ?? '', /is for another address/)
    }
  })
})

describe('the case of the letters of an endpoint', { timeout: 60_000 }, () => {
  const twice = (protocol: 'h1' | 'h2' | 'mqtt', peer: { port: number }) =>
    policyOf({
      small: streamtype(protocol, peer, { endpoint: 'localhost' }),
      large: streamtype(protocol, peer, { endpoint: 'LOCALhost' }),
    })

  for (const [protocol, start] of [
    ['h1', startHttp1],
    ['h2', startHttp2],
  ] as const)
    test(`makes no other connection of ${protocol}`, async () => {
      await using peer = await start()
      await using context = await openContext({ policy: twice(protocol, peer) })
      for (const name of ['small', 'large', 'small'])
        await (await context.request(name, { body: 'x' })).bytes()
      assert.equal(peer.connections, 1)
    })

  test('makes no other connection of an MQTT client', async () => {
    await using broker = await startAedes()
    const blobs = { mqttClientId: 'one' }
    await using context = await openContext({ policy: twice('mqtt', broker), blobs })
    await using small = context.stream('small', { metadata: { topic: 's' } })
    await using large = context.stream('large', { metadata: { topic: 'l' } })
    await Promise.all([small.send('x'), large.send('x')])
    await Promise.all([small.send('y'), large.send('y')])
    assert.equal(broker.connections, 1)
  })

  test('counts in the path of a Unix socket', { skip: process.platform === 'win32' }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'Case-'))
    const server = net.createServer((socket) => socket.pipe(socket))
    server.listen(path.join(folder, 'S'))
    await once(server, 'listening')
    try {
      const more = { endpoint: `+${path.join(folder, 'S')}` }
      await using context = await openContext({
        policy: policyOf({ it: streamtype('raw', { port: 1 }, more) }),
      })
      await using stream = context.stream('it')
      await stream.connect()
    } finally {
      server.close()
      rmSync(folder, { recursive: true })
    }
  })
})
