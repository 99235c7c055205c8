/** A server of h2 with TLS. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, type TlsIdentity } from '../peers/index.js'
import { curl } from '../support/curl.js'
import { H2Client } from './h2-client.js'
import type { Handler } from './h2-site.js'
import { httpServer } from './servers.js'

describe('a server of h2 with TLS', { timeout: 30_000 }, () => {
  let authority: CertificateAuthority
  let identity: TlsIdentity
  before(async () => {
    authority = await CertificateAuthority.create()
    identity = await authority.issue()
  })

  async function serveTls(handler: Handler) {
    const context = await openContext({
      policy: { s: [{ site: httpServer({ protocol: 'h2', tls: true, server_cert: 'site' }) }] },
      blobs: { serverCert: [{ name: 'site', ...identity }] },
    })
    const server = await context.serve('site', { transaction: handler })
    return {
      server,
      async [Symbol.asyncDispose]() {
        context.destroy()
        await context.close()
      },
    }
  }

  test('chooses h2 by ALPN, and http/1.1 where that is asked for', async () => {
    await using site = await serveTls((txn) => txn.ack().end(txn.request.url.slice(0, 8)))
    const { port } = site.server
    for (const [offered, chosen] of [
      [['h2', 'http/1.1'], 'h2'],
      [['http/1.1'], 'http/1.1'],
      [undefined, false],
    ] as const) {
      const socket = tls.connect({
        port,
        host: '127.0.0.1',
        ca: authority.pem,
        servername: 'localhost',
        ...(offered && { ALPNProtocols: [...offered] }),
      })
      await once(socket, 'secureConnect')
      assert.equal(socket.alpnProtocol, chosen)
      socket.destroy()
    }
    const options = { ca: authority.pem, servername: 'localhost' }
    await using client = new H2Client(`https://127.0.0.1:${port}`, options)
    assert.equal(String((await client.ask()).body), 'https://')
    const url = `https://127.0.0.1:${port}/`
    assert.equal(await curl('-k', '-w', ' %{http_version}', url), 'https:// 2')
    assert.equal(await curl('-k', '-w', ' %{http_version}', '--http1.1', url), 'https:// 1.1')
  })

  test('carries bodies both ways', async () => {
    await using site = await serveTls(async (txn) => {
      txn.ack()
      for await (const piece of txn.body) await txn.write(piece)
      return txn.end()
    })
    const options = { ca: authority.pem, servername: 'localhost' }
    await using client = new H2Client(`https://127.0.0.1:${site.server.port}`, options)
    const body = Buffer.from(Array.from({ length: 2_000_000 }, (_, n) => n % 251))
    const bodies = await Promise.all([1, 2, 3, 4].map(() => client.ask('/', {}, body)))
    for (const response of bodies) assert.ok(response.body.equals(body))
  })
})
