import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startRaw, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the policy's own substitution

describe('metadata of messages where only the connection has any', { timeout: 60_000 }, () => {
  test('ws: what counts is what the first was sent with', async () => {
    await using peer = await startWebSocket()
    await using context = await openContext({
      policy: policyOf({
        it: streamtype('ws', peer, { http_url: '/${room}', metadata: [{ room: '' }] }),
      }),
    })
    await using stream = context.stream('it', { metadata: { room: 'one' } })
    const first = stream.send('1')
    stream.setMetadata('room', 'two')
    await Promise.all([first, stream.send('2')])
    assert.deepEqual(peer.urls, ['/one'])
    const disconnected = nextState(stream, 'DISCONNECTED')
    stream.disconnect()
    await disconnected
    const connected = stream.connect()
    stream.setMetadata('room', 'three')
    await connected
    assert.deepEqual(peer.urls, ['/one', '/two'])
    stream.disconnect()
    await nextState(stream, 'DISCONNECTED')
    await stream.send('x', { metadata: { room: 'four' } })
    assert.deepEqual(peer.urls, ['/one', '/two', '/four'])
  })

  test('raw: the same', async () => {
    await using one = await startRaw()
    await using other = await startRaw()
    await using context = await openContext({
      policy: policyOf({
        it: streamtype('raw', one, { endpoint: '${at}', metadata: [{ at: '' }] }),
      }),
    })
    await using stream = context.stream('it', { metadata: { at: `localhost:${one.port}` } })
    const answered = once(stream, 'message')
    const first = stream.send('1')
    stream.setMetadata('at', `localhost:${other.port}`)
    await Promise.all([first, answered])
    assert.deepEqual([one.connections, other.connections], [1, 0])
  })
})

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the policy's own substitution
