import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openContext } from 'lws-secure-streams'
import { patternBytes, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

// Longer than lws's own limits of 10, 15 and 20 seconds.
const LONG = 21_000
const SIZE = 16 * 1024 * 1024

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('an h1 server may take its time, for its answer and for what it is sent', {
  timeout: 60_000,
}, async () => {
  await using thinking = await startRaw({
    accept: (socket) => void socket.once('data', () => delay(LONG).then(() => socket.write(ok))),
  })
  await using slow = await startRaw({
    accept: (socket: Socket) => {
      let received = 0
      socket.once('data', (first) => {
        const end = first.indexOf('\r\n\r\n') + 4
        received = first.length - end
        socket.pause()
        socket.on('data', (data) => {
          received += data.length
          if (received === SIZE) socket.write(ok)
        })
        delay(LONG).then(() => socket.resume())
      })
    },
  })
  await using context = await openContext({
    policy: policyOf({
      thinking: streamtype('h1', thinking, { http_method: 'GET' }),
      slow: streamtype('h1', slow),
    }),
  })
  const replies = await Promise.all([
    context.request('thinking'),
    context.request('slow', { body: patternBytes(SIZE) }),
    assert.rejects(context.request('thinking', { timeout: 100 }), { code: 'ERR_SS_TIMEOUT' }),
  ])
  for (const reply of replies.slice(0, 2)) assert.equal(await reply?.text(), 'ok')
})
