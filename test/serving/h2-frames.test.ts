/** RFC 9113 at the level of frames: what a server answers to each, with which error. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Context, Server } from 'lws-secure-streams'
import { DATA, END_STREAM, frame, SETTINGS } from '../peers/h2-frames.js'
import { ACK, FrameClient, get, PREFACE, ping, setting, settings, window } from './frame-client.js'
import { bytes, ok, protocol } from './h2-case.js'
import { frames } from './h2-frame-cases.js'
import { messages } from './h2-message-cases.js'
import { serveHttp } from './servers.js'

const LAST = 0x7ffffffd

describe('a server of h2', { timeout: 60_000 }, () => {
  let context: Context
  let server: Server
  before(async () => {
    const site = await serveHttp(
      {
        async transaction(txn) {
          if (txn.url === '/wait') return
          for await (const _ of txn.body);
          await txn.ack().end()
        },
      },
      { protocol: 'h2' },
    )
    context = site.context
    server = site.server
  })
  after(() => context.close())

  for (const [name, expected, ...sent] of [...frames, ...messages])
    test(`has an answer to ${name}: ${expected || 'none'}`, async () => {
      await using client = await FrameClient.connect(server.port)
      client.send(...sent)
      if (expected.startsWith('goaway')) {
        await client.hears(expected)
        await client.closed()
        return
      }
      if (expected) await client.hears(expected)
      assert.ok(await client.settled(), client.told.join(', '))
      const before = client.told.filter((what) => !/^status|NO_ERROR/.test(what))
      assert.deepEqual(before, expected.startsWith('reset') ? [expected] : [])
      if (expected.includes('2147483647')) return
      // The connection goes on, with the compression that it had.
      client.send(get(LAST))
      await client.hears(`status ${LAST} 200`)
    })

  for (const [name, sent] of [
    ['another preface', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r')],
    ['a preface and no SETTINGS', Buffer.concat([PREFACE, get(1)])],
    [
      'a preface and the answer to SETTINGS',
      Buffer.concat([PREFACE, frame(SETTINGS, ACK, 0, bytes())]),
    ],
    ['a preface and a PING', Buffer.concat([PREFACE, ping()])],
  ] as const)
    test(`ends a connection that begins with ${name}`, async () => {
      await using client = await FrameClient.connect(server.port, false)
      client.send(sent)
      await client.closed()
      assert.ok(name === 'another preface' || client.told.includes(protocol))
    })

  test('says SETTINGS first, and acknowledges those that it gets', async () => {
    await using client = await FrameClient.connect(server.port)
    assert.ok(await client.settled())
    assert.deepEqual([client.frames[0]?.type, client.frames[0]?.flags], [SETTINGS, 0])
    assert.ok(client.frames.some(({ type, flags }) => type === SETTINGS && flags === ACK))
  })

  test('sends no more than the windows are', async () => {
    await using site = await serveHttp(
      { transaction: (txn) => txn.ack().end(Buffer.alloc(100_000)) },
      { protocol: 'h2' },
    )
    await using client = await FrameClient.connect(site.server.port, false)
    client.send(PREFACE, settings(setting(4, 10)), get(1))
    await client.hears(ok)
    const got = () =>
      client.frames
        .filter(({ type }) => type === DATA)
        .reduce((sum, { payload }) => sum + payload.length, 0)
    await client.until(() => got() === 10)
    assert.ok(await client.settled('a second'))
    assert.equal(got(), 10)
    client.send(window(1, 65_525))
    // That of the connection is 65,535.
    await client.until(() => got() === 65_535)
    assert.ok(await client.settled('thirdone'))
    assert.equal(got(), 65_535)
    client.send(settings(setting(4, 0)), window(0, 100_000))
    assert.ok(await client.settled('a fourth'))
    assert.equal(got(), 65_535)
    client.send(settings(setting(4, 1_000_000)))
    await client.until(() => got() === 100_000)
    await client.until(({ frames: all }) => (all.at(-1)?.flags ?? 0) === END_STREAM)
  })

  test('ends a response without a window, when that has no more bytes', async () => {
    await using site = await serveHttp(
      {
        async transaction(txn) {
          txn.ack()
          await txn.write('ab')
          await txn.end()
        },
      },
      { protocol: 'h2' },
    )
    await using client = await FrameClient.connect(site.server.port, false)
    client.send(PREFACE, settings(setting(4, 2)), get(1))
    await client.until(({ frames: all }) =>
      all.some(({ type, flags }) => type === DATA && flags === END_STREAM),
    )
  })
})
