/** A server of h1 with TLS. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import { type Context, openContext, type Server } from 'lws-secure-streams'
import WebSocket from 'ws'
import { CertificateAuthority, type TlsIdentity } from '../peers/index.js'
import { httpServer } from './servers.js'

const LARGE = 10_000_000

describe('a server of h1 with TLS', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  let identity: TlsIdentity
  let context: Context
  let server: Server
  before(async () => {
    authority = await CertificateAuthority.create()
    identity = await authority.issue()
  })

  async function serve(): Promise<AsyncDisposable> {
    context = await openContext({
      policy: {
        s: [{ site: httpServer({ tls: true, server_cert: 'site', ws_subprotocol: 'chat' }) }],
      },
      blobs: { serverCert: [{ name: 'site', ...identity }] },
    })
    server = await context.serve('site', {
      async transaction(txn) {
        const { url } = txn.request
        let length = 0
        for await (const data of txn.body) length += data.length
        if (txn.url === '/large') return txn.ack().end(Buffer.alloc(LARGE, 'x'))
        return txn.ack().end(`${url.slice(0, 8)} ${length}`)
      },
      upgrade(stream) {
        stream.on('message', ({ data }) => {
          stream.send(data).catch(() => {})
        })
      },
    })
    return {
      [Symbol.asyncDispose]: async () => {
        context.destroy()
        await context.close()
      },
    }
  }

  const agentOptions = () => ({ ca: authority.pem, servername: 'localhost' })

  async function answer(path: string, body?: Buffer, agent?: https.Agent): Promise<string> {
    const request = https.request({
      host: '127.0.0.1',
      port: server.port,
      path,
      method: body ? 'POST' : 'GET',
      agent,
      ...agentOptions(),
    })
    request.end(body)
    const [response] = await once(request, 'response')
    return String(Buffer.concat(await response.toArray()))
  }

  test('serves requests, also many on a connection and at once', async () => {
    await using _ = await serve()
    const agent = new https.Agent({ keepAlive: true, maxSockets: 2, ...agentOptions() })
    const all = Array.from({ length: 50 }, () => answer('/', undefined, agent))
    assert.deepEqual(await Promise.all(all), Array(50).fill('https:// 0'))
    assert.equal(server.stats.connections, 2)
    agent.destroy()
  })

  test('takes and sends large bodies', async () => {
    await using _ = await serve()
    assert.equal(await answer('/', Buffer.alloc(LARGE)), `https:// ${LARGE}`)
    assert.equal((await answer('/large')).length, LARGE)
  })

  test('passes messages of ws', async () => {
    await using _ = await serve()
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}`, 'chat', agentOptions())
    await once(socket, 'open')
    for (const length of [1, LARGE]) {
      socket.send('x'.repeat(length))
      const [data] = await once(socket, 'message')
      assert.equal(data.length, length)
    }
    socket.close()
    await once(socket, 'close')
  })

  test('shows another certificate to those who come, and goes on with those who are there', async () => {
    await using _ = await serve()
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ...agentOptions() })
    assert.equal(await answer('/', undefined, agent), 'https:// 0')
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}`, 'chat', agentOptions())
    await once(socket, 'open')

    const renewed = await authority.issue({ commonName: 'renewed' })
    context.setBlob('serverCert', [{ name: 'site', ...renewed }])
    const young = tls.connect({ port: server.port, host: '127.0.0.1', ...agentOptions() })
    await once(young, 'secureConnect')
    assert.equal(young.getPeerCertificate().subject.CN, 'renewed')
    young.destroy()

    assert.equal(await answer('/', undefined, agent), 'https:// 0')
    socket.send('still there')
    const [data] = await once(socket, 'message')
    assert.equal(String(data), 'still there')
    assert.equal(server.stats.connections, 2)
    socket.terminate()
    agent.destroy()
  })

  test('says what is no request, and ends the connection', async () => {
    await using _ = await serve()
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', ...agentOptions() })
    socket.write('GET / HTTP/1.1\r\n\r\n')
    assert.match(String(Buffer.concat(await socket.toArray())), /^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  test('offers http/1.1', async () => {
    await using _ = await serve()
    const socket = tls.connect({
      port: server.port,
      host: '127.0.0.1',
      ALPNProtocols: ['h2', 'http/1.1'],
      ...agentOptions(),
    })
    await once(socket, 'secureConnect')
    assert.equal(socket.alpnProtocol, 'http/1.1')
    socket.destroy()
  })
})
