// What was reported of other clients behind HTTP proxies.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  startHttpProxy,
  startPiecesRelay,
  startRaw,
  starts,
} from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { receiveBytes } from '../support/states.js'

let authority: CertificateAuthority
before(async () => {
  authority = await CertificateAuthority.create()
})

async function echo(context: Context): Promise<void> {
  const stream = context.stream('it')
  await stream.send('hello')
  assert.equal(String(await receiveBytes(stream, 5)), 'hello')
}

// hyper-util's pull request 300: a status line that came as "HTTP/1.1 2" and the rest was a refusal. Pull request 14
// of node-keepalive-proxy-agent: the last line end came by itself, and was taken for the first bytes of TLS.
for (const pieces of [[10], [37, 1, 1]])
  test(`an answer in pieces of ${pieces} bytes is an answer`, async () => {
    await using peer = await starts.ws({ tls: await authority.issue() })
    await using proxy = await startHttpProxy()
    await using relay = await startPiecesRelay(proxy, pieces)
    await using context = await openContext({
      policy: policyOf({ it: streamtype('ws', peer, { tls: true }) }, authority),
      httpProxy: `http://127.0.0.1:${relay.port}`,
    })
    await echo(context)
  })

// websocket-client's issue 722 and wstunnel's 183: what was percent-encoded in a login was sent so. websocket-client's
// pull request 587: the Base64 of a long one was broken into lines.
test('a login may have any characters, and be long', async () => {
  const login = { username: 'me@example.com', password: `p@:/?#[]%${'long'.repeat(100)}` }
  await using peer = await startRaw()
  await using proxy = await startHttpProxy({ login })
  const { username, password } = login
  const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
  await using context = await openContext({
    policy: policyOf({ it: streamtype('raw', peer) }),
    httpProxy: `http://${user}@127.0.0.1:${proxy.port}`,
  })
  await echo(context)
})

// libwebsockets' issue 2227: nobody was told that a proxy wanted another login.
test('a wrong login is told from a network that is down', async () => {
  await using proxy = await startHttpProxy({ login: { username: 'a', password: 'b' } })
  await using context = await openContext({
    policy: policyOf({ it: streamtype('ws', { port: 1 }) }),
    httpProxy: `http://127.0.0.1:${proxy.port}`,
  })
  await assert.rejects(context.stream('it').connect(), ({ message }: Error) =>
    /refused with 407/.test(message),
  )
})

describe('NO_PROXY', () => {
  // Node's issue 62907 and requests' 4795: ".ample.com" stood for example.com, whose owner so heard what was meant for
  // the proxy. undici's pull request 5637: "example.com" did not stand for "example.com.".
  for (const [list, endpoint, proxied] of [
    ['.ample.test', 'example.test', 1],
    ['ample.test', 'example.test', 1],
    ['example.test', 'example.test.', 0],
    ['.example.test', 'a.example.test.', 0],
  ] as const)
    test(`${list} ${proxied ? 'is not' : 'is'} for ${endpoint}`, async (t) => {
      await using proxy = await startHttpProxy()
      process.env.NO_PROXY = list
      t.after(() => delete process.env.NO_PROXY)
      const { retry: _, ...it } = streamtype('mqtt', { port: 1 }, { endpoint })
      await using context = await openContext({
        policy: policyOf({ it }),
        httpProxy: `http://127.0.0.1:${proxy.port}`,
      })
      await assert.rejects(context.stream('it', ownTopic('mqtt')).connect())
      assert.equal(proxy.connections, proxied)
    })
})
