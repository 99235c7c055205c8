import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, startApart } from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  perProtocol,
  policyOf,
  streamtype,
} from '../support/policies.js'
import { nextMessage, traceStates } from '../support/states.js'

// A server may answer before SSL_connect() has returned, or later: often enough, both happen.
const TIMES = 40

test('TLS handshakes with servers that answer at once', { timeout: 60_000 }, async (t) => {
  const authority = await CertificateAuthority.create()
  await using peers = await startApart(await authority.issue())
  for (const protocol of Object.keys(perProtocol) as ProtocolName[])
    await t.test(protocol, async () => {
      const definition = streamtype(protocol, { port: peers.ports[protocol] }, { tls: true })
      for (let n = 0; n < TIMES; n++) {
        const context = await openContext({ policy: policyOf({ it: definition }, authority) })
        const stream = context.stream('it', ownTopic(protocol))
        const states = traceStates(stream)
        await stream.send('hello')
        assert.equal((await nextMessage(stream)).toString(), 'hello')
        assert.ok(!states.includes('UNREACHABLE'))
        context.destroy()
      }
    })
})
