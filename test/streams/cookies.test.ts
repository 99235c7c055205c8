import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { Server } from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Context, type ContextOptions, openContext } from 'lws-secure-streams'
import { WebSocketServer } from 'ws'
import { CertificateAuthority, type Peer, type TlsIdentity } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { curl } from '../support/curl.js'
import { policyOf, streamtype } from '../support/policies.js'
import { fixtureReports } from '../support/run-fixture.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** Sets the cookies that the query asks for, and answers with those that the request had. */
function answer(
  request: http.IncomingMessage | http2.Http2ServerRequest,
  response: http.ServerResponse | http2.Http2ServerResponse,
): void {
  const { searchParams } = new URL(request.url ?? '', 'http://unused')
  const to = searchParams.get('to')
  response.setHeader('set-cookie', searchParams.getAll('set'))
  if (to) response.setHeader('location', to)
  response.statusCode = to ? 302 : 200
  const text = request.headers.cookie ?? ''
  if (response instanceof http.ServerResponse) response.end(text)
  else response.end(text)
}

const servers = {
  h1: () => http.createServer(answer),
  'h1 with TLS': (tls: TlsIdentity) => https.createServer(tls, answer),
  h2: () => http2.createServer(answer),
  'h2 with TLS': (tls: TlsIdentity) => http2.createSecureServer(tls, answer),
}

let authority: CertificateAuthority
let tls: TlsIdentity
before(async () => {
  authority = await CertificateAuthority.create()
  tls = await authority.issue()
})

const listen = (kind: keyof typeof servers) => ServerPeer.listen(servers[kind](tls) as Server)

function policyFor(peer: Pick<Peer, 'port'>, kind: keyof typeof servers = 'h1') {
  const of = (more = {}) =>
    streamtype(kind.startsWith('h1') ? 'h1' : 'h2', peer, {
      tls: kind.endsWith('TLS'),
      http_method: 'GET',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own notation
      http_url: '/${path}',
      http_cookies: true,
      allow_redirects: true,
      metadata: [{ path: '' }],
      ...more,
    })
  return policyOf(
    {
      it: of(),
      elsewhere: of({ endpoint: '127.0.0.1' }),
      without: of({ http_cookies: false }),
    },
    authority,
  )
}

const queryOf = (set: readonly string[]) =>
  new URLSearchParams(set.map((cookie): [string, string] => ['set', cookie]))

/** The cookies that a request to `where` has; the answer to it sets others. */
async function ask(
  context: Context,
  where: { by?: string; at?: string; to?: string },
  ...set: string[]
): Promise<string> {
  const query = queryOf(set)
  if (where.to) query.set('to', where.to)
  const metadata = { path: `${where.at ?? ''}?${query}` }
  return (await context.request(where.by ?? 'it', { metadata })).text()
}

for (const kind of Object.keys(servers) as (keyof typeof servers)[])
  describe(`cookies on ${kind}`, { timeout: 60_000 }, () => {
    let peer: ServerPeer
    const open = (options: Partial<ContextOptions> = {}) =>
      openContext({ policy: policyFor(peer, kind), ...options })
    before(async () => {
      peer = await listen(kind)
    })
    after(() => peer.close())

    test('that a response sets, several of them, go with the requests after it', async () => {
      await using context = await open()
      const lasting = 'b=with, comma; Expires=Wed, 01 Jan 2100 00:00:00 GMT'
      assert.equal(await ask(context, {}, 'a=1', lasting, 'c="quoted"; HttpOnly'), '')
      assert.equal(await ask(context, {}), 'a=1; b=with, comma; c="quoted"')
      assert.equal(
        await ask(context, {}, 'a=2', 'b=gone; Max-Age=0'),
        'a=1; b=with, comma; c="quoted"',
      )
      assert.equal(await ask(context, {}), 'a=2; c="quoted"')
      await using other = await open()
      assert.equal(await ask(other, {}), '')
    })

    test('go where they belong only', async () => {
      await using context = await open()
      await ask(context, { at: 'x/y' }, 'all=; Path=/', 'deep=; Path=/x/y', 'here=')
      await ask(context, {}, 'tls=; Secure', 'foreign=; Domain=example.com', 'past=; Max-Age=-1')
      const sent = async (where: Parameters<typeof ask>[1]) =>
        (await ask(context, where)).split('; ').map((cookie) => cookie.replace('=', ''))
      // This machine is as good as TLS.
      const everywhere = ['all', 'tls']
      assert.deepEqual(await sent({}), everywhere)
      assert.deepEqual(await sent({ at: 'x/' }), ['here', ...everywhere])
      assert.deepEqual(await sent({ at: 'x/y/z' }), ['deep', 'here', ...everywhere])
      assert.deepEqual(await sent({ at: 'xy' }), everywhere)
      assert.equal(await ask(context, { by: 'elsewhere' }), '')
    })

    test('are neither kept nor sent without http_cookies', async () => {
      await using context = await open()
      assert.equal(await ask(context, { by: 'without' }, 'a=1'), '')
      assert.equal(await ask(context, {}, 'b=2'), '')
      assert.equal(await ask(context, { by: 'without' }), '')
      assert.equal(await ask(context, {}), 'b=2')
    })

    test('are kept and sent on the way of a redirect', async () => {
      await using context = await open()
      assert.equal(await ask(context, { to: '/to/there' }, 'a=1', 'b=2; Path=/to'), 'b=2; a=1')
      const scheme = kind.endsWith('TLS') ? 'https' : 'http'
      const to = `${scheme}://127.0.0.1:${peer.port}/`
      assert.equal(await ask(context, { to }, 'c=3'), '')
      assert.equal(await ask(context, {}), 'a=1; c=3')
    })

    test('that are long arrive whole, and those that are too long or too many not at all', async () => {
      await using context = await open()
      const value = 'x'.repeat(4000)
      const tooLong = `c=${'x'.repeat(4096)}`
      for (const cookie of [`a=${value}`, tooLong, `b=${value}`, `d=${value}`, 'e=5'])
        await ask(context, {}, cookie)
      assert.equal(await ask(context, {}), `a=${value}; b=${value}; e=5`)
    })
  })

test('cookies go with the upgrade to WebSocket, and come from it', async () => {
  const server = http.createServer(answer)
  await using peer = await ServerPeer.listen(server)
  const sockets = new WebSocketServer({ server })
  sockets.on('headers', (headers) => headers.push('Set-Cookie: from=ws'))
  const seen: (string | undefined)[] = []
  sockets.on('connection', (_socket, request) => seen.push(request.headers.cookie))
  const { s, ...rest } = policyFor(peer)
  const chat = streamtype('ws', peer, { http_cookies: true })
  await using context = await openContext({ policy: { ...rest, s: [...(s ?? []), { chat }] } })
  await ask(context, {}, 'a=1')
  await using stream = context.stream('chat')
  await stream.connect()
  assert.equal(await ask(context, {}), 'a=1; from=ws')
  assert.deepEqual(seen, ['a=1'])
})

describe('a cookie jar', { timeout: 60_000 }, () => {
  let peer: ServerPeer
  const { file, put } = temporaryFolder()
  const cookieJar = file('jar')
  const open = () => openContext({ policy: policyFor(peer), cookieJar })
  before(async () => {
    peer = await listen('h1')
  })
  after(() => peer.close())

  test('is shared by contexts, those that come later and those that are open', async () => {
    await using one = await open()
    await using other = await open()
    await ask(one, {}, 'a=1; Max-Age=1000', 'session=x')
    assert.equal(await ask(other, {}, 'b=2'), 'a=1; session=x')
    assert.equal(await ask(one, {}, 'a=; Max-Age=0'), 'a=1; session=x; b=2')
    await using later = await open()
    assert.equal(await ask(later, {}), 'session=x; b=2')
    assert.equal((await stat(cookieJar)).mode & 0o777, 0o600)
  })

  test('is not written when nothing has changed', async () => {
    await using context = await open()
    await ask(context, {}, 'same=1')
    const { ino, mtimeMs } = await stat(cookieJar)
    await ask(context, {}, 'same=1')
    const again = await stat(cookieJar)
    assert.deepEqual([again.ino, again.mtimeMs], [ino, mtimeMs])
  })

  test('loses nothing when processes write it at the same time', async () => {
    await rm(cookieJar, { force: true })
    const argument = { policy: policyFor(peer), cookieJar }
    const names = ['p', 'q', 'r']
    await Promise.all(
      names.map((name) => fixtureReports('cookies', { argument: { ...argument, name } })),
    )
    await using context = await open()
    const sent = new Set((await ask(context, {})).split('; '))
    for (const name of names)
      for (let n = 0; n < 20; n++) assert.ok(sent.has(`${name}${n}=${n}`), `${name}${n}`)
    assert.deepEqual(await readdir(path.dirname(cookieJar)), ['jar'])
  })

  test('of a process that died while it wrote is usable again', async () => {
    await utimes(put('jar.lock', '# half of'), 0, 0)
    await using context = await open()
    await ask(context, {}, 'after=1')
    assert.match(await readFile(cookieJar, 'utf8'), /\tafter\t1\n/)
  })

  test("is curl's, both ways", async () => {
    const at = (name: string, ...set: string[]) =>
      `http://localhost:${peer.port}/${name}?${queryOf(set)}`
    await rm(cookieJar, { force: true })
    const lasting = 'Expires=Wed, 01 Jan 2100 00:00:00 GMT'
    const set = ['a=1', `b=2; HttpOnly; ${lasting}`, `deep=3; Path=/deep; ${lasting}`, 'e=']
    await curl('-c', cookieJar, at('', ...set))
    await using context = await open()
    assert.deepEqual((await ask(context, {})).split('; ').sort(), ['a=1', 'b=2', 'e='])
    assert.match(await ask(context, { at: 'deep/x' }, 'f=6; Secure', `g=7; ${lasting}`), /deep=3/)

    const sentByCurl = async (name: string) => {
      return (await curl('-b', cookieJar, at(name))).split('; ').sort()
    }
    assert.deepEqual(await sentByCurl(''), ['a=1', 'b=2', 'e='])
    const deep = ['a=1', 'b=2', 'deep=3', 'e=', 'f=6', 'g=7']
    assert.deepEqual(await sentByCurl('deep/y'), deep)
    assert.match(
      await readFile(cookieJar, 'utf8'),
      /^#HttpOnly_localhost\tFALSE\t\/\tFALSE\t\d+\tb\t2$/m,
    )
  })

  test('that cannot be used is refused when the context is opened', async () => {
    const refused = (jar: string) =>
      assert.rejects(openContext({ policy: policyFor(peer), cookieJar: jar }), (error: Error) => {
        assert.equal((error as { code?: string }).code, 'ERR_SS_COOKIE_JAR')
        assert.ok(error.message.includes(jar), error.message)
        return true
      })
    await refused(path.dirname(cookieJar))
    await refused(file('missing/jar'))
    const text = '# Netscape HTTP Cookie File\n\n{"cookies": []}\n'
    const nonsense = put('nonsense', text)
    await refused(nonsense)
    assert.equal(await readFile(nonsense, 'utf8'), text)
  })

  test('that becomes unusable is told in the log, and cookies stay in memory', async () => {
    const apart = file('apart')
    await mkdir(apart)
    const jar = path.join(apart, 'jar')
    await using context = await openContext({ policy: policyFor(peer), cookieJar: jar })
    const lines: string[] = []
    context.on('log', ({ text }) => lines.push(text))
    await rm(apart, { recursive: true })
    await ask(context, {}, 'a=1')
    assert.equal(await ask(context, {}), 'a=1')
    assert.ok(
      lines.some((line) => line.includes(jar)),
      lines.join('\n'),
    )
  })

  test('does not grow without end', async () => {
    await using context = await openContext({ policy: policyFor(peer) })
    for (let round = 0; round < 30; round++)
      await ask(context, {}, ...Array.from({ length: 10 }, (_, n) => `c${round * 10 + n}=`))
    const sent = (await ask(context, {})).split('; ')
    assert.equal(sent.length, 180)
    assert.ok(sent.includes('c299='))
  })
})
