/** The chat, with the server `ws` and with its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { startWebSocket } from '../peers/index.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { examplePolicy, RunningExample } from './running-example.js'

describe('examples/chat', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let policies = 0

  const policyFor = (streamtypes: Record<string, { port: number }>) => {
    const retry = [{ patient: { backoff: [20], conceal: 1000 } }]
    const policy = examplePolicy('chat/policy.json', streamtypes, { retry })
    return folder.put(`policy-${policies++}.json`, policy)
  }

  it('says and hears by ws, and connects again', async () => {
    await using peer = await startWebSocket({ subprotocol: 'chat', echo: false })
    let hear = (_text: string) => {}
    const lastWords = new Promise<string>((resolve) => {
      hear = (text) => text.includes('gone') && resolve(text)
    })
    peer.webSockets.on('connection', (socket) =>
      socket.on('message', (data, binary) => {
        assert.equal(binary, false)
        hear(String(data))
        for (const client of peer.clients) client.send(String(data))
      }),
    )
    await using chat = new RunningExample(
      'chat/chat.mjs',
      'Ann',
      policyFor({ chat: { port: peer.port } }),
    )
    await chat.line(/you are in the room/)
    chat.child.stdin.write('hello\n')
    await chat.line(/^Ann: hello$/m)
    assert.equal(peer.urls[0], '/room')
    for (const client of peer.clients) client.send('not JSON')
    await chat.line(/does not understand/)
    peer.dropConnections()
    await chat.line(/(you are in the room[\s\S]*){2}/)
    chat.child.stdin.write('still here\n')
    await chat.line(/^Ann: still here$/m)
    chat.child.stdin.end('and gone\n')
    assert.equal(await chat.over, 0)
    assert.equal(chat.errors, '')
    assert.deepEqual(JSON.parse(await lastWords), { from: 'Ann', text: 'and gone' })
  })

  it('has a room that others may come to', async () => {
    await using server = new RunningExample('chat/server.mjs', policyFor({ room: { port: 0 } }))
    const [, port] = await server.line(/on port (\d+)/)
    await using chat = new RunningExample(
      'chat/chat.mjs',
      'Ann',
      policyFor({ chat: { port: Number(port) } }),
    )
    await chat.line(/you are in the room/)
    const other = new WebSocket(`ws://127.0.0.1:${port}/room`, 'chat')
    await once(other, 'open')
    chat.child.stdin.write('hello\n')
    const [heard] = await once(other, 'message')
    assert.deepEqual(JSON.parse(String(heard)), { from: 'Ann', text: 'hello' })
    other.send(JSON.stringify({ from: 'Bob', text: 'hello, Ann' }))
    await chat.line(/^Bob: hello, Ann$/m)
    server.child.kill('SIGTERM')
    assert.equal(await server.over, 0)
    await chat.line(/^\* .*room[\s\S]*^\* /m)
  })
})
