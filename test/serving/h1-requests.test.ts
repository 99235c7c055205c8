/** What a server takes for a request, and what it refuses, byte by byte. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { answer, exchange, type ServedRequest, serveNative } from '../support/native-http-server.js'
import { closeNativeContexts } from '../support/native-streams.js'

const CRLF = '\r\n'
const lines = (...all: string[]) => all.map((line) => line + CRLF).join('')
const get = (...fields: string[]) => lines('GET / HTTP/1.1', ...fields, '')
const post = (body: string, ...fields: string[]) =>
  lines('POST / HTTP/1.1', 'Host: a', ...fields, '') + body
const chunked = (body: string) => post(body, 'Transfer-Encoding: chunked')

let port: number
let requests: ServedRequest[] = []
let values: (string | undefined)[] = []
before(() => {
  port = serveNative((request) => {
    requests.push(request)
    const { stream } = request
    values = ['method', 'path', 'query', 'mime'].map((name) => stream.getMetadata(name)?.toString())
    answer(request, Buffer.concat(request.body).toString('latin1'))
  })
})
after(closeNativeContexts)

const statuses = (response: string) =>
  [...response.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status))

const refused: [name: string, status: number, request: string][] = [
  // RFC 9112, 2.2
  ['bare line feeds', 400, 'GET / HTTP/1.1\nHost: a\n\n'],
  ['a bare line feed behind a field', 400, 'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'],
  ['a bare carriage return in a field', 400, get('Host: a', 'X: y\rz')],
  ['space before the first field', 400, get(' Host: a')],
  ['many empty lines before a request', 400, CRLF.repeat(6) + get('Host: a')],
  // 2.3, 3
  ['no version', 400, lines('GET /', 'Host: a', '')],
  ['a version without a minor one', 400, lines('GET / HTTP/1', 'Host: a', '')],
  ['a version in lower case', 400, lines('GET / http/1.1', 'Host: a', '')],
  ['a version that is none', 400, lines('GET / HTTP/1.x', 'Host: a', '')],
  ['a version of three numbers', 400, lines('GET / HTTP/1.1.1', 'Host: a', '')],
  ['version 2.0', 505, lines('GET / HTTP/2.0', 'Host: a', '')],
  ['version 0.9', 505, lines('GET / HTTP/0.9', 'Host: a', '')],
  ['two spaces behind the method', 400, lines('GET  / HTTP/1.1', 'Host: a', '')],
  ['two spaces behind the target', 400, lines('GET /  HTTP/1.1', 'Host: a', '')],
  ['a space at the end of the line', 400, lines('GET / HTTP/1.1 ', 'Host: a', '')],
  ['a space before the method', 400, lines(' GET / HTTP/1.1', 'Host: a', '')],
  ['a tab in the place of a space', 400, lines('GET\t/ HTTP/1.1', 'Host: a', '')],
  ['a method that is no token', 400, lines('G@T / HTTP/1.1', 'Host: a', '')],
  ['a method without a target', 400, lines('GET HTTP/1.1', 'Host: a', '')],
  ['an empty method', 400, lines('/ HTTP/1.1', 'Host: a', '')],
  // 3.2
  ['a target with a space', 400, lines('GET /a b HTTP/1.1', 'Host: a', '')],
  ['a target with a fragment', 400, lines('GET /a#b HTTP/1.1', 'Host: a', '')],
  ['a target with a control character', 400, lines('GET /a\x01b HTTP/1.1', 'Host: a', '')],
  ['a target with DEL', 400, lines('GET /a\x7fb HTTP/1.1', 'Host: a', '')],
  ['a target that is not ASCII', 400, lines('GET /\xe9 HTTP/1.1', 'Host: a', '')],
  ['a target without a slash', 400, lines('GET a HTTP/1.1', 'Host: a', '')],
  ['an asterisk that is not for OPTIONS', 400, lines('GET * HTTP/1.1', 'Host: a', '')],
  ['a URL with userinfo', 400, lines('GET http://u@a/ HTTP/1.1', 'Host: a', '')],
  ['a URL without a host', 400, lines('GET http:///x HTTP/1.1', 'Host: a', '')],
  ['a URL of another scheme', 400, lines('GET ftp://a/x HTTP/1.1', 'Host: a', '')],
  ['an encoded NUL', 400, lines('GET /a%00b HTTP/1.1', 'Host: a', '')],
  ['an encoding of one digit', 400, lines('GET /a%4 HTTP/1.1', 'Host: a', '')],
  ['an encoding of no digits', 400, lines('GET /a%zz HTTP/1.1', 'Host: a', '')],
  ['CONNECT', 501, lines('CONNECT a:443 HTTP/1.1', 'Host: a', '')],
  ['no Host', 400, get()],
  ['two Hosts', 400, get('Host: a', 'Host: a')],
  ['two Hosts beside a URL', 400, lines('GET http://a/ HTTP/1.1', 'Host: a', 'Host: a', '')],
  ['two hosts in one', 400, get('Host: a, b')],
  ['a Host with a path', 400, get('Host: a/b')],
  ['a Host with userinfo', 400, get('Host: u@a')],
  ['a Host with a port that is none', 400, get('Host: a:b')],
  ['a Host with two ports', 400, get('Host: a:80:80')],
  ['a Host of IPv6 without brackets', 400, get('Host: ::1')],
  ['a Host with one bracket', 400, get('Host: [::1')],
  // 5
  ['a space before a colon', 400, get('Host : a')],
  ['a tab before a colon', 400, get('Host: a', 'X\t: y')],
  ['no colon', 400, get('Host: a', 'X')],
  ['no name', 400, get('Host: a', ': y')],
  ['a name with a space', 400, get('Host: a', 'X y: z')],
  ['a name with a control character', 400, get('Host: a', 'X\x01: z')],
  ['a name that is not ASCII', 400, get('Host: a', 'X\xe9: z')],
  ['a folded field', 400, get('Host: a', 'X: y', ' z')],
  ['a field folded with a tab', 400, get('Host: a', 'X: y', '\tz')],
  ['NUL in a value', 400, get('Host: a', 'X: y\0z')],
  ['a control character in a value', 400, get('Host: a', 'X: y\x0bz')],
  ['DEL in a value', 400, get('Host: a', 'X: y\x7fz')],
  // 6
  [
    'a length and chunks',
    400,
    post('0\r\n\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
  ],
  [
    'chunks and a length',
    400,
    post('0\r\n\r\n', 'Transfer-Encoding: chunked', 'Content-Length: 5'),
  ],
  ['two lengths', 400, post('abc', 'Content-Length: 3', 'Content-Length: 4')],
  ['a length twice', 400, post('abc', 'Content-Length: 3', 'Content-Length: 3')],
  ['a list of lengths', 400, post('abc', 'Content-Length: 3, 3')],
  ['a length with a sign', 400, post('abc', 'Content-Length: +3')],
  ['a negative length', 400, post('', 'Content-Length: -1')],
  ['a length in hex', 400, post('abc', 'Content-Length: 0x3')],
  ['a length with a fraction', 400, post('abc', 'Content-Length: 3.0')],
  ['an empty length', 400, post('', 'Content-Length:')],
  ['a length with a space in it', 400, post('abc', 'Content-Length: 1 0')],
  ['a length of more than 63 bits', 400, post('', 'Content-Length: 9223372036854775808')],
  ['a length of very many digits', 400, post('', `Content-Length: ${'9'.repeat(400)}`)],
  ['another coding', 501, post('', 'Transfer-Encoding: gzip')],
  ['another coding before chunks', 501, post('', 'Transfer-Encoding: gzip, chunked')],
  ['chunks twice', 501, post('', 'Transfer-Encoding: chunked, chunked')],
  [
    'chunks in two fields',
    501,
    post('', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  ],
  ['a coding that looks like chunks', 501, post('', 'Transfer-Encoding: xchunked')],
  ['a quoted coding', 501, post('', 'Transfer-Encoding: "chunked"')],
  ['an empty coding', 501, post('', 'Transfer-Encoding:')],
  [
    'two lengths in names of other letters',
    400,
    post('a', 'Content-Length: 1', 'content-length: 1'),
  ],
  ['a length with a semicolon', 400, post('abc', 'Content-Length: 3;')],
  ['a length with a tab in it', 400, post('abc', 'Content-Length: 3\t3')],
  ['a length and an empty one', 400, post('abc', 'Content-Length: 3', 'Content-Length:')],
  ['a length behind a bare carriage return', 400, post('', 'X: y\rContent-Length: 3')],
  ['a length behind a bare line feed', 400, post('', 'X: y\nContent-Length: 3')],
  ['chunks and a comma', 501, post('', 'Transfer-Encoding: chunked,')],
  ['a comma and chunks', 501, post('', 'Transfer-Encoding: , chunked')],
  ['chunks with a parameter', 501, post('', 'Transfer-Encoding: chunked;q=1')],
  ['chunks and identity', 501, post('', 'Transfer-Encoding: chunked, identity')],
  ['identity', 501, post('', 'Transfer-Encoding: identity')],
  ['chunks behind a vertical tab', 400, post('', 'Transfer-Encoding: \x0bchunked')],
  ['chunks behind a form feed', 400, post('', 'Transfer-Encoding:\x0cchunked')],
  ['chunks of a name with a space', 400, post('', 'Transfer-Encoding : chunked')],
  ['chunks of a name with NUL', 400, post('', 'Transfer-Encoding\0: chunked')],
  ['chunks of a folded field', 400, post('', 'Transfer-Encoding:', ' chunked')],
  ['chunks in version 1.0', 400, lines('POST / HTTP/1.0', 'Transfer-Encoding: chunked', '')],
  // RFC 9110, 10.1.1
  ['another expectation', 417, post('', 'Expect: more', 'Content-Length: 1')],
  // Limits
  ['a long target', 414, lines(`GET /${'a'.repeat(40_000)} HTTP/1.1`, 'Host: a', '')],
  ['a long field', 431, get('Host: a', `X: ${'a'.repeat(40_000)}`)],
  ['many fields', 431, get('Host: a', ...Array.from({ length: 8000 }, (_, n) => `X${n}: y`))],
  ['many fields with a known name', 431, get('Host: a', ...Array(2000).fill('Accept: y'))],
  ['a head without an end', 431, `GET / HTTP/1.1${CRLF}Host: a${CRLF}${'X: y\r\n'.repeat(9000)}`],
  ['what is no HTTP', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n'],
]

describe('a server refuses', { timeout: 60_000 }, () => {
  for (const [name, status, request] of refused)
    test(name, async () => {
      requests = []
      const response = await exchange(port, request)
      assert.deepEqual(statuses(response), [status])
      assert.match(response, /^Connection: close\r$/m)
      assert.equal(requests.length, 0)
    })

  test('each of them when it comes byte by byte', async () => {
    const few = refused.filter(([, , request]) => request.length < 100)
    assert.ok(few.length > 50)
    await Promise.all(
      few.map(async ([name, status, request]) => {
        assert.deepEqual(statuses(await exchange(port, ...request)), [status], name)
      }),
    )
  })

  for (const [name, body] of [
    ['a chunk without a size', '\r\nabc'],
    ['a size that is no number', 'x\r\nabc'],
    ['a size with a sign', '+3\r\nabc\r\n0\r\n\r\n'],
    ['a size in decimal notation of hex', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a size of more than 63 bits', 'ffffffffffffffff\r\nabc'],
    ['a size with very many digits', `${'f'.repeat(300)}\r\nabc`],
    ['a size behind a space', ' 3\r\nabc\r\n0\r\n\r\n'],
    ['a size that ends in a bare line feed', '3\nabc\r\n0\r\n\r\n'],
    ['an extension with a control character', '3;a=\x01\r\nabc\r\n0\r\n\r\n'],
    ['an extension that is long', `3;${'a'.repeat(5000)}\r\nabc\r\n0\r\n\r\n`],
    ['a size behind which is a space', '3 x\r\nabc\r\n0\r\n\r\n'],
    ['a size that ends in a bare carriage return', '3\rabc\r\n0\r\n\r\n'],
    ['an extension with a bare carriage return', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
    ['an extension that ends in a bare line feed', '3;a\nabc\r\n0\r\n\r\n'],
    ['an empty line for a size', '\r\n\r\n'],
    ['two sizes', '3,3\r\nabc\r\n0\r\n\r\n'],
    ['a fraction of a size', '3.0\r\nabc\r\n0\r\n\r\n'],
    ['a last chunk that ends in a bare line feed', '0\n\r\n'],
    ['trailers that end in a bare line feed', '0\r\n\n'],
    ['a trailer with a space before its colon', '0\r\na : b\r\n\r\n'],
    ['a chunk that is longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
    ['a chunk that is shorter than its size', '5\r\nabc\r\n0\r\n\r\n'],
    ['a chunk that ends in a bare line feed', '3\r\nabc\n0\r\n\r\n'],
    ['a trailer that is no field', '0\r\nabc\r\n\r\n'],
    ['a trailer that is folded', '0\r\na: b\r\n c\r\n\r\n'],
    ['trailers without an end', `0\r\n${'a: b\r\n'.repeat(9000)}`],
  ] as const)
    test(`${name}, and ends the connection`, async () => {
      const status = name === 'trailers without an end' ? 431 : 400
      for (const pieces of [[chunked(body)], [chunked(''), ...body.slice(0, 400)]]) {
        requests = []
        if (pieces.length > 1 && body.length > 400) continue
        assert.deepEqual(statuses(await exchange(port, ...pieces)), [status])
        assert.equal(requests.length, 0)
      }
    })
})

const taken: [name: string, request: string, head: RegExp | string, body?: string][] = [
  ['an empty line before it', CRLF + get('Host: a'), 'GET /\nhost:a\n'],
  ['version 1.0 without a Host', lines('GET / HTTP/1.0', ''), 'GET /\n'],
  ['version 1.7', lines('GET / HTTP/1.7', 'Host: a', 'Connection: close', ''), /^GET \/\n/],
  ['a method of its own', lines('FROB-2 /x HTTP/1.1', 'Host: a', ''), 'FROB-2 /x\nhost:a\n'],
  ['an asterisk for OPTIONS', lines('OPTIONS * HTTP/1.1', 'Host: a', ''), 'OPTIONS *\nhost:a\n'],
  ['a URL', lines('GET http://b.c/d?e HTTP/1.1', 'Host: a', ''), 'GET /d?e\nhost:b.c\n'],
  [
    'a URL without a path',
    lines('GET http://b.c?e HTTP/1.1', 'Host: a', ''),
    'GET /?e\nhost:b.c\n',
  ],
  [
    'a target as it came',
    lines('GET //a/./b/../%41?%zz&&=;+ HTTP/1.1', 'Host: a', ''),
    /^GET \/\/a\/\.\/b\/\.\.\/%41\?%zz&&=;\+\n/,
  ],
  [
    'a query of many parts',
    lines(`GET /?${'a=1&'.repeat(500)} HTTP/1.1`, 'Host: a', ''),
    /^GET \/\?(a=1&){500}\n/,
  ],
  ['a value without spaces around it', get('Host:a', 'X:  y z \t'), 'GET /\nhost:a\nx:y z\n'],
  ['an empty value', get('Host: a', 'X:'), 'GET /\nhost:a\nx:\n'],
  ['a value that is not ASCII', get('Host: a', 'X: \xe9'), 'GET /\nhost:a\nx:\xe9\n'],
  [
    'a field with each character of a token',
    get('Host: a', "!#$%&'*+-.^_`|~1aZ: y"),
    "GET /\nhost:a\n!#$%&'*+-.^_`|~1az:y\n",
  ],
  [
    'fields that came several times',
    get('Host: a', 'X: 1', 'Cookie: a', 'X: 2', 'Cookie: b'),
    'GET /\nhost:a\ncookie:a\ncookie:b\nx:1\nx:2\n',
  ],
  [
    'an upgrade that it knows nothing of',
    get('Host: a', 'Upgrade: frob', 'Connection: upgrade'),
    /^GET \/\n/,
  ],
  ['a Host with a port', get('Host: [::1]:80'), 'GET /\nhost:[::1]:80\n'],
  ['a Host with an empty port', get('Host: a:'), 'GET /\nhost:a:\n'],
  ['a Host that is empty', get('Host:'), 'GET /\nhost:\n'],
  ['a body with a length', post('abc', 'Content-Length: 003'), /^POST \/\n/, 'abc'],
  ['an empty body', post('', 'Content-Length: 0'), /^POST \/\n/, ''],
  [
    'a GET with a body',
    `${lines('GET / HTTP/1.1', 'Host: a', 'Content-Length: 3', '')}abc`,
    /^GET \/\n/,
    'abc',
  ],
  ['chunks', chunked('3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n'), /^POST/, 'abc0123456789'],
  [
    'chunks behind a long head',
    post('3\r\nabc\r\n0\r\n\r\n', `X: ${'y'.repeat(20_000)}`, 'Transfer-Encoding: chunked'),
    /^POST/,
    'abc',
  ],
  ['chunks with extensions', chunked('3;a="b;c" \r\nabc\r\n000;x\r\n\r\n'), /^POST/, 'abc'],
  [
    'a coding in capital letters',
    post('3\r\nabc\r\n0\r\n\r\n', 'Transfer-Encoding: CHUNKED'),
    /^POST/,
    'abc',
  ],
]

describe('a server takes', { timeout: 60_000 }, () => {
  const last = lines('GET /last HTTP/1.1', 'Host: a', 'Connection: close', '')

  async function takes(pieces: string[], head: RegExp | string, body = ''): Promise<void> {
    requests = []
    const response = await exchange(port, ...pieces)
    const [first] = requests
    if (typeof head === 'string') assert.equal(first?.head, head)
    else assert.match(first?.head ?? '', head)
    assert.equal(Buffer.concat(first?.body ?? []).toString(), body)
    assert.equal(statuses(response)[0], 200)
  }

  for (const [name, request, head, body] of taken) {
    test(name, () => takes([request + last], head, body))
    if (request.length < 200)
      test(`${name}, byte by byte`, () => takes([...request, last], head, body))
  }

  test('a later minor version, and answers in the last that it knows', async () => {
    const asked = lines('GET / HTTP/1.7', 'Host: a', 'Connection: close', '')
    assert.match(await exchange(port, asked), /^HTTP\/1\.1 200 /)
  })

  test('trailers', async () => {
    requests = []
    await exchange(port, `${chunked('3\r\nabc\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n')}${last}`)
    assert.equal(requests[0]?.trailers, 'x-sum:1\nhost:b\n')
    assert.equal(requests.length, 2)
  })

  test('the values of metadata from it', async () => {
    requests = []
    await exchange(
      port,
      lines(
        'PUT /a/./b//c/../%41%20b?x=%31 HTTP/1.1',
        'Host: a',
        'Content-Type: text/x',
        'Connection: close',
        '',
      ),
    )
    assert.deepEqual(values, ['PUT', '/a/b/A b', 'x=%31', 'text/x'])
  })

  test('1,000 requests that came at once, in their order', async () => {
    requests = []
    const all = Array.from(
      { length: 1000 },
      (_, n) => lines(`POST /${n} HTTP/1.1`, 'Host: a', 'Content-Length: 1', '') + (n % 10),
    )
    const response = await exchange(port, all.join('') + last)
    assert.deepEqual(
      requests.map(({ head }) => head.split(/[ \n]/)[1]),
      [...all.map((_, n) => `/${n}`), '/last'],
    )
    assert.deepEqual(statuses(response), Array(1001).fill(200))
  })

  test('100-continue, and asks for the body', async () => {
    const response = await exchange(
      port,
      post('', 'Expect: 100-Continue', 'Content-Length: 3', 'Connection: close'),
      'abc',
    )
    assert.match(
      response,
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nabc$/,
    )
  })
})
