/** What a server of ws makes of every kind of frame (RFC 6455), whole and byte by byte. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Context, Message, SecureStream } from 'lws-secure-streams'
import { serveHttp } from './servers.js'
import { type Case, LIMIT } from './ws-case.js'
import { control, fragments, lengths, masking, reserved } from './ws-frame-cases.js'
import { WsPeer } from './ws-peer.js'
import { codes, utf8 } from './ws-text-cases.js'

const table: [chapter: string, cases: Case[]][] = [
  ['masks', masking],
  ['reserved bits and opcodes', reserved],
  ['lengths', lengths],
  ['fragments', fragments],
  ['control frames', control],
  ['codes and reasons', codes],
  ['UTF-8', utf8],
]

let site: { context: Context; port: number }
before(async () => {
  const served = await serveHttp(
    {
      limits: { messageBytes: LIMIT },
      upgrade(stream: SecureStream) {
        stream.on('message', ({ data, binary }: Message) => {
          stream.send(data, { binary: binary === true }).catch(() => {})
        })
      },
    },
    { ws_subprotocol: 'chat' },
  )
  site = { context: served.context, port: served.server.port }
})
after(async () => {
  site.context.destroy()
  await site.context.close()
})

/** Says it, and hears what the server says up to the end of the connection, which it ends. */
async function hears([, said, heard]: Case, apart: boolean): Promise<string[]> {
  const peer = await WsPeer.connect(site.port, 'Sec-WebSocket-Protocol: chat')
  for (const [at, frames] of said.entries()) {
    // Its last word is the close code.
    if (at > 0) await peer.hears(heard.length - 1)
    await peer.send(Buffer.concat(frames), apart)
  }
  await peer.closed
  return peer.heard
}

for (const [chapter, cases] of table)
  describe(`a server of ws takes ${chapter}`, { timeout: 60_000, concurrency: 16 }, () => {
    for (const one of cases) {
      const [name, said, heard] = one
      test(name, async () => assert.deepEqual(await hears(one, false), heard))
      const size = said.flat().reduce((sum, { length }) => sum + length, 0)
      if (size < 600)
        test(`${name}, byte by byte`, async () => assert.deepEqual(await hears(one, true), heard))
    }
  })

test('which are more than 250 cases', () => {
  const count = table.reduce((sum, [, cases]) => sum + cases.length, 0)
  assert.ok(count >= 250, `${count}`)
})
