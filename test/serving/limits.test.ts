/** How much clients may ask of a server, and what they are told when it is too much. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { describe, test } from 'node:test'
import type { ServerLimits } from 'lws-secure-streams'
import { exchange } from '../support/native-http-server.js'
import { chunked, connectedTo, counting, last, lengthOf, lines, post, statuses } from './limited.js'
import { echo, serveHttp, serveRaw } from './servers.js'

describe('limits', { timeout: 60_000 }, () => {
  test('are checked', async () => {
    await using site = await serveRaw()
    for (const [limits, code, message] of [
      [{ headerByte: 5 }, 'ERR_INVALID_ARG_VALUE', /limits.*did you mean "headerBytes"/],
      [{ frob: 5 }, 'ERR_INVALID_ARG_VALUE', /'frob'/],
      [{ constructor: 5 }, 'ERR_INVALID_ARG_VALUE', /'constructor'/],
      [[], 'ERR_INVALID_ARG_TYPE', /options\.limits/],
      [{ bodyBytes: '5' }, 'ERR_INVALID_ARG_TYPE', /options\.limits\.bodyBytes/],
      [{ bodyBytes: null }, 'ERR_INVALID_ARG_TYPE', /options\.limits\.bodyBytes/],
      [{ bodyBytes: 0 }, 'ERR_OUT_OF_RANGE', />= 1 && <= 9007199254740991, or Infinity/],
      [{ connections: 1.5 }, 'ERR_OUT_OF_RANGE', /connections/],
      [{ connections: NaN }, 'ERR_OUT_OF_RANGE', /connections/],
      [{ headersTimeout: -1 }, 'ERR_OUT_OF_RANGE', /headersTimeout/],
      [{ requestTimeout: 2 ** 31 }, 'ERR_OUT_OF_RANGE', /requestTimeout/],
      [{ headerBytes: 511 }, 'ERR_OUT_OF_RANGE', />= 512 && <= 65535\./],
      [{ headerBytes: Infinity }, 'ERR_OUT_OF_RANGE', /headerBytes/],
      [{ streamsPerConnection: Infinity }, 'ERR_OUT_OF_RANGE', /streamsPerConnection/],
    ] as const)
      assert.throws(
        () => site.context.serve('served', { ...echo, limits: limits as ServerLimits }),
        (error: NodeJS.ErrnoException) => {
          assert.equal(error.code, code)
          assert.match(error.message, message)
          return true
        },
      )
  })

  test('that are undefined are the defaults', async () => {
    await using site = await counting({ headerBytes: undefined } as unknown as ServerLimits)
    const head = lines('GET / HTTP/1.1', 'Host: a', `X: ${'x'.repeat(32_000)}`, '')
    assert.deepEqual(statuses(await exchange(site.port, head + last)), [200, 200])
  })
})

describe('the head of a request', { timeout: 60_000 }, () => {
  const padded = (length: number, before: string[], name: string) => {
    const head = lines(...before, `${name}: `, '')
    return lines(...before, `${name}: ${'x'.repeat(length - head.length)}`, '')
  }

  for (const headerBytes of [512, 20_000, 65_535])
    test(`may have ${headerBytes} bytes when it is said so, and one more is 431`, async () => {
      await using site = await counting({ headerBytes })
      const get = ['GET / HTTP/1.1', 'Host: a']
      for (const name of ['X', 'Accept']) {
        const most = padded(headerBytes, get, name)
        assert.equal(most.length, headerBytes)
        assert.deepEqual(statuses(await exchange(site.port, most + last)), [200, 200])
        const more = padded(headerBytes + 1, get, name)
        assert.deepEqual(statuses(await exchange(site.port, more + last)), [431])
      }
      assert.deepEqual(site.asked, ['/', '/last', '/', '/last'])
    })

  test('may be all target, and a longer target is 414', async () => {
    await using site = await counting({ headerBytes: 40_000 })
    const rest = lines(' HTTP/1.1', 'Host: a', '')
    const target = `/${'t'.repeat(40_000 - rest.length - 'GET /'.length)}`
    assert.deepEqual(statuses(await exchange(site.port, `GET ${target}${rest}${last}`)), [200, 200])
    assert.equal(site.asked[0], target)
    const longer = `GET /${'t'.repeat(40_000)} HTTP/1.1`
    assert.deepEqual(statuses(await exchange(site.port, longer)), [414])
  })

  test('bounds trailers, too', async () => {
    await using site = await counting({ headerBytes: 600 })
    const failed = site.failed(1)
    const trailers = (length: number) => chunked(`0\r\nx: ${'y'.repeat(length)}\r\n\r\n`)
    assert.deepEqual(statuses(await exchange(site.port, trailers(500) + last)), [200, 200])
    assert.deepEqual(statuses(await exchange(site.port, trailers(600))), [431])
    await failed
  })
})

describe('the body of a request', { timeout: 60_000 }, () => {
  test('that has a length is refused with 413 at once', async () => {
    await using site = await counting({ bodyBytes: 1000 })
    const sized = (length: number, ...fields: string[]) =>
      post('', `Content-Length: ${length}`, ...fields)
    const most = await exchange(site.port, sized(1000) + 'x'.repeat(1000) + last)
    assert.deepEqual(statuses(most), [200, 200])
    for (const more of [sized(1001), sized(1e12), sized(1001, 'Expect: 100-continue')])
      assert.deepEqual(statuses(await exchange(site.port, more)), [413])
    assert.deepEqual(site.asked, ['/', '/last'])
  })

  for (const [name, pieces] of [
    ['at once', [chunked('3e9\r\n')]],
    ['in the second chunk', [chunked(`3e8\r\n${'x'.repeat(1000)}\r\n`), '1\r\nx']],
    [
      'with its chunks in one piece',
      [chunked(`3e8\r\n${'x'.repeat(1000)}\r\n1\r\nx\r\n0\r\n\r\n`)],
    ],
  ] as const)
    test(`in chunks is refused with 413 amid it: ${name}`, async () => {
      await using site = await counting({ bodyBytes: 1000 })
      const failed = site.failed(2)
      const most = chunked(`3e8\r\n${'x'.repeat(1000)}\r\n0\r\n\r\n`)
      assert.deepEqual(statuses(await exchange(site.port, most + last)), [200, 200])
      assert.deepEqual(statuses(await exchange(site.port, ...pieces)), [413])
      // Behind a request that was taken, in one piece with it.
      const both = await exchange(site.port, most + pieces.join(''))
      assert.deepEqual(statuses(both), [200, 413])
      await failed
    })

  test('of many megabytes is refused while its client goes on sending', async () => {
    await using site = await counting({ bodyBytes: 1_000_000 })
    const request = http.request(site.url, { method: 'POST' })
    request.on('error', () => {})
    request.end(Buffer.alloc(50_000_000))
    const [{ statusCode }] = await once(request, 'response')
    assert.equal(statusCode, 413)
    request.destroy()
  })

  test('ends the connection when the response has begun', async () => {
    await using site = await serveHttp({
      limits: { bodyBytes: 3 },
      async transaction(txn) {
        await txn.ack().write('first')
        await lengthOf(txn).catch(() => {})
      },
    })
    const { socket, closed, receives, text } = await connectedTo(site.server.port)
    socket.write(chunked('3\r\nabc\r\n'))
    await receives('first')
    socket.write('1\r\n')
    await closed
    assert.doesNotMatch(text(), /413/)
  })

  test('that nobody reads any more is no reason to answer twice', async () => {
    await using site = await serveHttp({
      limits: { bodyBytes: 1000 },
      transaction: (txn) => txn.ack().end('early'),
    })
    const client = await connectedTo(site.server.port)
    client.socket.write(chunked('1\r\nx\r\n'))
    await client.receives('early')
    client.socket.write('fff\r\n')
    await client.closed
    assert.deepEqual(statuses(client.text()), [200])
  })

  test('is without a limit otherwise', async () => {
    await using site = await counting({})
    const response = await fetch(site.url, { method: 'POST', body: Buffer.alloc(100_000_000) })
    assert.equal(await response.text(), '100000000')
  })
})
