import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { CertificateAuthority, startOpenssl, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

describe('the end of a TLS connection is told as such', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  before(async () => {
    authority = await CertificateAuthority.create()
  })

  const open = (protocol: 'h1' | 'raw', peer: { port: number }) =>
    openContext({
      policy: policyOf(
        { it: streamtype(protocol, peer, { tls: true, http_method: 'GET', http_url: '/' }) },
        authority,
      ),
    })

  const ends: Record<string, (context: Context) => Promise<void>> = {
    'when a stream is destroyed': async (context) => {
      const stream = context.stream('it')
      await stream.send('hello\n')
      stream.destroy()
    },
    'when a stream disconnects': async (context) => {
      const stream = context.stream('it')
      await stream.send('hello\n')
      stream.disconnect()
    },
    'when the context closes': async (context) => {
      await context.stream('it').send('hello\n')
      await context.close()
    },
  }

  for (const version of ['-tls1_2', '-tls1_3'])
    for (const [when, end] of Object.entries(ends))
      test(`${when}, with ${version}`, async () => {
        await using peer = await startOpenssl(await authority.issue(), version)
        await using context = await open('raw', peer)
        await end(context)
        assert.match(await peer.says(/alert read|alert write|ERROR/), /read:warning:close notify/)
      })

  test('when a connection of h1 is not kept any longer', async () => {
    await using peer = await startOpenssl(await authority.issue(), '-www')
    const context = await open('h1', peer)
    assert.match(await (await context.request('it')).text(), /Ciphers supported/)
    await context.close()
    assert.match(await peer.says(/alert read|ERROR/), /read:warning:close notify/)
  })

  test('also to a server that has said more than was read, and does not say so itself', async () => {
    const ends: Promise<unknown>[] = []
    let onAccept: () => void = () => {}
    await using peer = await startRaw({
      tls: await authority.issue(),
      accept: (socket) => {
        // Rejects at an error.
        ends.push(once(socket, 'end'))
        socket.allowHalfOpen = true
        socket.write('welcome')
        socket.resume()
        onAccept()
      },
    })
    await using context = await open('raw', peer)
    for (let n = 0; n < 10; n++) {
      const accepted = new Promise<void>((resolve) => {
        onAccept = resolve
      })
      const stream = context.stream('it')
      await Promise.all([stream.send('hello'), accepted])
      stream.destroy()
      await ends[n]
      peer.dropConnections()
    }
  })
})
