// What others were not told of connections that failed.
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { type AllRetriesFailedError, openContext } from 'lws-secure-streams'
import { startAedes, startSessions } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'

// ws's issue 2080, websocat's 123 and jetty's 13227: a server that is too busy refuses the upgrade, and writes
// for whom to ask into the body, without a length. Clients told the status at most, and people asked in vain.
test('a refused upgrade says what the server says', async () => {
  const server = http.createServer()
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 429 Too Many Requests\r\n\r\n')
    socket.end('Corr Id: 2080 \r\n')
  })
  await using peer = await ServerPeer.listen(server)
  await using context = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
  await assert.rejects(context.stream('it').connect(), {
    message: `localhost:${peer.port}: refused the upgrade to a WebSocket with status 429: "Corr Id: 2080", 3 attempts`,
    status: 429,
  })
})

// Go's issue 14627: Apple's push service says in the text of a GOAWAY what is wrong with a certificate.
// Programs were told of an EOF, and looked for a fault of the network.
test('a GOAWAY is not an end of file', async () => {
  await using peer = await startSessions((stream) =>
    stream.session?.goaway(2, 0, Buffer.from('{"reason":"BadCertificate"}')),
  )
  const { retry: _, ...push } = streamtype('h2', peer, { http_method: 'GET' })
  await using context = await openContext({ policy: policyOf({ push }) })
  await assert.rejects(context.request('push'), (error: AllRetriesFailedError) => {
    assert.ok(error.message.endsWith('with INTERNAL_ERROR: {"reason":"BadCertificate"}'))
    assert.equal(error.cause?.code, 'ERR_HTTP2_SESSION_ERROR')
    return true
  })
})

// shamblett/mqtt_client's issue 172: after three attempts with a wrong password the error was that the broker
// had sent no CONNACK, which it had, with the reason.
test('a broker that refuses a password has answered', async () => {
  await using peer = await startAedes()
  peer.broker.authenticate = (_client, _user, _password, done) =>
    done(Object.assign(new Error('no'), { returnCode: 4 }), null)
  await using context = await openContext({ policy: policyOf({ it: streamtype('mqtt', peer) }) })
  const stream = context.stream('it', { metadata: { topic: 't' } })
  await assert.rejects(stream.connect(), {
    message: `localhost:${peer.port}: the broker refused user name or password, 3 attempts`,
    attempts: 3,
  })
})

// node-fetch's issue 1862 and undici's 1248: a program that had its own answer to ECONNREFUSED looked for it in
// error.code, and found "fetch failed" without a host.
test('nobody has to look for who was asked, and what the system said', async () => {
  await using nobody = await deadPort()
  const policy = policyOf({ it: streamtype('h1', nobody, { http_method: 'GET' }) })
  await using context = await openContext({ policy })
  await assert.rejects(context.request('it'), (error: AllRetriesFailedError) => {
    const { endpoint, attempts, streamtype, cause } = error
    assert.deepEqual(
      [endpoint, attempts, streamtype, cause?.code],
      [`localhost:${nobody.port}`, 3, 'it', 'ECONNREFUSED'],
    )
    return true
  })
})
