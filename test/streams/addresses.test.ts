import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { canReplaceFiles, replacingFiles } from '../support/own-hosts.js'
import { protocols } from '../support/policies.js'
import { fixtureReports } from '../support/run-fixture.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const skip = !canReplaceFiles() && 'no process here can have an /etc/hosts of its own'
const eachWay = protocols.flatMap((protocol) => [
  [protocol, false] as const,
  [protocol, true] as const,
])

describe('a name with several addresses', { concurrency: 2, timeout: 120_000, skip }, () => {
  const { put, file } = temporaryFolder()
  const two = '::1 two\n127.0.0.1 two\n'
  const four = '127.0.0.2 four\n127.0.0.3 four\n127.0.0.4 four\n::1 four\n'
  const files = {
    '/etc/hosts': put('hosts', `127.0.0.1 localhost\n${two}${four}`),
    // Addresses of IPv6 come first, or last.
    '/etc/gai.conf': put('6', 'precedence ::1/128 100\n'),
  }
  const run = (scenario: string, shell = replacingFiles(files)) =>
    fixtureReports('addresses', { argument: { scenario }, shell })

  for (const scenario of ['the first is dead', 'the first refuses'])
    test(`all protocols get to the other one: ${scenario}`, async () => {
      const reports = await run(scenario)
      const wanted = eachWay.map((way) => [...way, 'hello', 1, false, true])
      assert.deepEqual(reports, wanted)
    })

  for (const [scenario, why] of [
    ['both refuse', 'connection refused'],
    ['both are dead', 'no answer to the attempt to connect'],
  ] as const)
    test(`an attempt fails, and says why: ${scenario}`, async () => {
      const reports = (await run(scenario)) as [string, boolean, string, string[]][]
      reports.sort()
      const wanted = `${why} (::1, 127.0.0.1)`
      for (const [protocol, tls, message, states] of reports) {
        assert.ok(message.endsWith(wanted), `${protocol} ${tls}: ${message}`)
        assert.ok(!states.includes('CONNECTED'))
        assert.deepEqual(states.slice(-2), ['UNREACHABLE', 'ALL_RETRIES_FAILED'])
      }
      assert.equal(reports.length, eachWay.length)
    })

  test('no socket is left when it is given up', async () =>
    assert.deepEqual(await run('it is given up'), [
      'destroy()',
      'disconnect()',
      'destroy() of the context',
    ]))

  test('no socket is left when a worker is terminated', async () =>
    assert.deepEqual(await run('a worker is terminated'), [[1]]))

  test('a proxy may have several, too', async () =>
    assert.deepEqual(await run('the first of a proxy is dead'), [1]))

  test('many at once have one connection each', async () =>
    assert.deepEqual(await run('many at once'), [100]))

  test('perf tells of all addresses, of the one that it is, and how long it took to find that', async () => {
    const [[{ peer, dns, sockconn_us }]] = (await run('perf tells of all')) as [
      [{ peer: string; dns: string[]; sockconn_us: number }],
    ]
    assert.equal(peer, '127.0.0.1')
    assert.deepEqual(dns.sort(), ['127.0.0.1', '::1'])
    assert.ok(sockconn_us >= 240_000, String(sockconn_us))
  })

  // A process that is traced cannot look for leaks.
  const traceable = process.env.ASAN_OPTIONS === undefined
  test('families take turns', { skip: !traceable }, async () => {
    const trace = file('trace')
    const preferringIpv4 = { ...files, '/etc/gai.conf': put('4', 'precedence ::ffff:0:0/96 100\n') }
    const shell = replacingFiles(preferringIpv4, `strace -f -qq -e trace=connect -o ${trace}`)
    assert.deepEqual(await run('families take turns', shell), [1])
    const families = readFileSync(trace, 'utf8').matchAll(
      /connect\(.*"(127\.0\.0\.[234]|::1)".* = -1 EINPROGRESS/g,
    )
    const tried = Array.from(families, ([, address]) => address).slice(-2)
    assert.deepEqual(tried, ['127.0.0.2', '::1'])
  })
})
