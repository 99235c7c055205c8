import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, starts } from '../peers/index.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'

// Memory that is lost, or used when it is free, is for the sanitizers to find.
const WAYS = {
  'the context is destroyed': ({ context }) => context.destroy(),
  'the context is closed': ({ context }) => void context.close(),
  'the stream is destroyed': ({ stream }) => stream.destroy(),
  'the stream is destroyed, and the context': ({ context, stream }) => {
    stream.destroy()
    context.destroy()
  },
  'the stream is disconnected, and the context destroyed': ({ context, stream }) => {
    stream.disconnect()
    context.destroy()
  },
  'the policy changes': ({ context }) =>
    void context.overlay({ s: [{ it: { port: 1 } }] }).catch(() => {}),
} satisfies Record<string, (what: Opened) => void>

type Context = Awaited<ReturnType<typeof openContext>>
interface Opened {
  context: Context
  stream: ReturnType<Context['stream']>
}

for (const protocol of protocols)
  describe(`before ${protocol} has had a turn of the loop`, { timeout: 60_000 }, () => {
    for (const [what, act] of Object.entries(WAYS))
      for (const endpoint of ['127.0.0.1', 'localhost', 'no.such.host.invalid'])
        for (const tls of [false, true])
          test(`${what}: ${endpoint}${tls ? ' with TLS' : ''}`, async () => {
            const authority = await CertificateAuthority.create()
            await using peer = await starts[protocol](tls ? { tls: await authority.issue() } : {})
            const it = streamtype(protocol, peer, { endpoint, tls })
            await using context = await openContext({ policy: policyOf({ it }, authority) })
            const stream = context.stream('it', ownTopic(protocol))
            const ends = Promise.allSettled([stream.connect(), stream.send('x')])
            act({ context, stream })
            stream.destroy()
            for (const { status } of await ends) assert.equal(status, 'rejected')
            await context.close()
          })
  })
