/** How long clients may take, and what they are told when it is too long. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import tls from 'node:tls'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority } from '../peers/index.js'
import {
  about,
  CRLF,
  connectedTo,
  counting,
  lengthOf,
  lines,
  post,
  statuses,
  timed,
  trickle,
} from './limited.js'
import { httpServer, servedPolicy, serveHttp } from './servers.js'

describe('the time of a client', { timeout: 60_000, concurrency: true }, () => {
  test('for a head is up with 408, however it trickles', async () => {
    await using site = await counting({ headersTimeout: 400 })
    const client = await connectedTo(site.port)
    const [, ms] = await timed(
      Promise.all([
        client.closed,
        trickle(client.socket, `GET / HTTP/1.1${CRLF}X: ${'x'.repeat(500)}`, 20),
      ]),
    )
    about(ms, 400)
    assert.match(client.text(), /^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/)
    assert.deepEqual(site.asked, [])
  })

  test('for a head counts anew for each request', async () => {
    await using site = await counting({ headersTimeout: 1500 })
    const client = await connectedTo(site.port)
    for (let n = 0; n < 3; n++) {
      client.socket.write('GET / HTTP/1.1\r\n')
      await wait(700)
      client.socket.write('Host: a\r\n\r\n')
      while (client.text().split('\r\n\r\n0').length < n + 2) await once(client.socket, 'data')
    }
    client.socket.write('GET / HT')
    await client.closed
    assert.deepEqual(statuses(client.text()), [200, 200, 200, 408])
  })

  test('for a head behind another in one piece is up, too', async () => {
    await using site = await counting({ headersTimeout: 300, keepAliveTimeout: 30_000 })
    const client = await connectedTo(site.port)
    client.socket.write(`${lines('GET / HTTP/1.1', 'Host: a', '')}GET / HT`)
    const [, ms] = await timed(client.closed)
    about(ms, 300)
    assert.deepEqual(statuses(client.text()), [200, 408])
  })

  test('for its first word is up without one', async () => {
    await using site = await counting({ headersTimeout: 300 })
    const client = await connectedTo(site.port)
    const [, ms] = await timed(client.closed)
    about(ms, 300)
    assert.equal(client.text(), '')
  })

  test('for its first word within TLS is up without one', async () => {
    const authority = await CertificateAuthority.create()
    const site = await authority.issue()
    await using context = await openContext({
      policy: servedPolicy({ served: httpServer({ tls: true, server_cert: 'site' }) }),
      blobs: { serverCert: [{ name: 'site', ...site }] },
    })
    const server = await context.serve('served', {
      limits: { headersTimeout: 300 },
      transaction: (txn) => txn.ack().end(),
    })
    const socket = tls.connect({ port: server.port, ca: authority.pem, servername: 'localhost' })
    await once(socket, 'secureConnect')
    const [[hadError], ms] = await timed(once(socket.resume(), 'close'))
    assert.equal(hadError, false)
    about(ms, 300)
  })

  test('for all of a request is up with 408, however its body trickles', async () => {
    await using site = await counting({ requestTimeout: 500 })
    const failed = site.failed(1)
    const client = await connectedTo(site.port)
    client.socket.write(post('', 'Content-Length: 1000'))
    const [, ms] = await timed(
      Promise.all([client.closed, trickle(client.socket, 'x'.repeat(100), 20)]),
    )
    about(ms, 500)
    assert.match(client.text(), /^HTTP\/1\.1 408 /)
    await failed
  })

  test('for all of a request has its head in it', async () => {
    await using site = await counting({ requestTimeout: 500, headersTimeout: 10_000 })
    const client = await connectedTo(site.port)
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\n')
    const [, ms] = await timed(
      (async () => {
        await wait(300)
        client.socket.write('Content-Length: 5\r\n\r\nabc')
        await client.closed
      })(),
    )
    about(ms, 500)
    const half = await connectedTo(site.port)
    half.socket.write('POST / HTTP/1.1\r\nHost: a\r\n')
    await half.closed
    assert.deepEqual([...statuses(client.text()), ...statuses(half.text())], [408, 408])
  })

  test('is not that in which the program does not read', async () => {
    await using site = await serveHttp({
      limits: { requestTimeout: 1500 },
      async transaction(txn) {
        await wait(3000)
        await txn.ack().end(`${await lengthOf(txn)}`)
      },
    })
    // More than is read ahead. To read much more within the limit is a question of the machine's speed.
    const response = await fetch(site.url, { method: 'POST', body: Buffer.alloc(2_000_000) })
    assert.equal(await response.text(), '2000000')
  })

  test('is not that in which the program does not answer', async () => {
    await using site = await serveHttp({
      limits: { requestTimeout: 1000, headersTimeout: 1000, keepAliveTimeout: 1000 },
      async transaction(txn) {
        await wait(2500)
        await txn.ack().end('late')
      },
    })
    assert.equal(await (await fetch(site.url, { method: 'POST', body: 'x' })).text(), 'late')
  })

  test('without a request is up without a word', async () => {
    await using site = await counting({ keepAliveTimeout: 300 })
    const client = await connectedTo(site.port)
    // From here, since a busy machine may be late to see the response.
    const closed = timed(client.closed)
    client.socket.write(lines('GET / HTTP/1.1', 'Host: a', ''))
    await client.receives('\r\n\r\n0')
    const [hadError, ms] = await closed
    about(ms, 300)
    assert.equal(hadError, false)
    assert.deepEqual(statuses(client.text()), [200])
  })
})
