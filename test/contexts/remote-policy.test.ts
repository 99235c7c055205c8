import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { after, before, beforeEach, describe, test } from 'node:test'
import { DestroyedError, type LogLine, openContext, PolicyError } from 'lws-secure-streams'
import { startSocks5 } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'

const GET = { http_method: 'GET', http_url: '/' }

describe('a policy with fetch_policy', { timeout: 60_000 }, () => {
  let peer: ServerPeer
  let answer: { status: number; body: string }
  let fetches = 0
  /** What an answer waits for. */
  let hold = Promise.resolve()

  before(async () => {
    const server = http.createServer((request, response) => {
      if (request.url !== '/policy') return response.end(`this is ${request.url}`)
      fetches++
      response.statusCode = answer.status
      return hold.then(() => response.end(answer.body))
    })
    peer = await ServerPeer.listen(server)
  })
  after(() => peer.close())
  beforeEach(() => {
    hold = Promise.resolve()
    answer = { status: 200, body: JSON.stringify(successor()) }
  })

  const at = (url: string) => streamtype('h1', peer, { ...GET, http_url: url })
  const successor = (url = '/new') => policyOf({ fetched: at(url) })
  const builtIn = () => policyOf({ fetch_policy: at('/policy'), old: at('/old') })

  test('is succeeded by what it fetches, and says so', async () => {
    await using context = await openContext({ policy: builtIn() })
    const [policy] = await once(context, 'policy')
    assert.deepEqual(context.streamtypes, ['fetched'])
    assert.deepEqual(context.policy, policy)
    assert.equal(await (await context.request('fetched')).text(), 'this is /new')
  })

  test('overlays are laid over what it fetches', async () => {
    const overlays = [{ s: [{ fetched: at('/over') }] }]
    await using context = await openContext({ policy: builtIn(), overlays })
    assert.equal(await (await context.request('fetched')).text(), 'this is /over')
  })

  test('is fetched again on demand, also when the successor cannot fetch', async () => {
    await using context = await openContext({ policy: builtIn() })
    const before = fetches
    answer.body = JSON.stringify(successor('/newer'))
    await context.refreshPolicy()
    assert.equal(fetches, before + 1)
    assert.equal(await (await context.request('fetched')).text(), 'this is /newer')
  })

  for (const [what, given, reason] of [
    ['is refused', { status: 404, body: '' }, { code: 'ERR_SS_NACK' }],
    ['is no policy', { status: 200, body: '<html>' }, { code: 'ERR_SS_POLICY' }],
    [
      'has errors',
      { status: 200, body: '{"s":[{"x":{"retry":"none"}}]}' },
      { code: 'ERR_SS_POLICY' },
    ],
  ] as const)
    test(`stays in force when its successor ${what}, and says so`, async () => {
      answer = given
      await using context = await openContext({ policy: builtIn() })
      const [line] = (await once(context, 'log')) as [LogLine]
      assert.match(line.text, /^fetch_policy: the policy in force stays: /)
      assert.deepEqual(context.streamtypes, ['fetch_policy', 'old'])
      await assert.rejects(context.refreshPolicy(), reason)
      assert.equal(await (await context.request('old')).text(), 'this is /old')
    })

  test('stays in force when nobody is there to fetch it from', async () => {
    const nobody = await ServerPeer.listen(http.createServer())
    const unreachable = streamtype('h1', { port: nobody.port }, GET)
    await nobody.close()
    await using context = await openContext({
      policy: policyOf({ fetch_policy: unreachable, old: at('/old') }),
    })
    await assert.rejects(context.refreshPolicy(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    assert.equal(await (await context.request('old')).text(), 'this is /old')
  })

  test('streams whose streamtype is gone end with the reason', async () => {
    answer.body = 'not yet'
    await using context = await openContext({ policy: builtIn() })
    const stream = context.stream('old')
    const over = assert.rejects(stream[Symbol.asyncIterator]().next(), {
      code: 'ERR_SS_STREAMTYPE_GONE',
    })
    answer.body = JSON.stringify(successor())
    await context.refreshPolicy()
    await over
    assert.equal(stream.destroyed, true)
  })

  test('takes effect however late it comes; nobody waits for it longer than 3 seconds', async () => {
    let release: () => void = () => {}
    hold = new Promise((resolve) => {
      release = resolve
    })
    await using context = await openContext({ policy: builtIn() })
    assert.deepEqual(context.streamtypes, ['fetch_policy', 'old'])
    assert.equal(await (await context.request('old')).text(), 'this is /old')
    const succeeded = once(context, 'policy')
    release()
    await succeeded
    assert.deepEqual(context.streamtypes, ['fetched'])
    assert.equal(await (await context.request('fetched')).text(), 'this is /new')
  })

  test('leaves a socks5 proxy that its successor does not have, or has another', async () => {
    await using first = await startSocks5()
    await using second = await startSocks5()
    const via = ({ port }: { port: number }) => ({ 'via-socks5': `127.0.0.1:${port}` })
    const proxied = () => [first.proxied.length, second.proxied.length]
    await using context = await openContext({ policy: { ...via(first), ...builtIn() } })
    assert.deepEqual(proxied(), [1, 0])
    await (await context.request('fetched')).text()
    assert.deepEqual(proxied(), [1, 0])

    answer.body = JSON.stringify({ ...via(second), ...successor() })
    await context.refreshPolicy()
    await (await context.request('fetched')).text()
    assert.deepEqual(proxied(), [1, 1])
  })

  test('without fetch_policy there is nothing to fetch', async () => {
    const context = await openContext({ policy: policyOf({ old: at('/old') }) })
    await assert.rejects(context.refreshPolicy(), { code: 'ERR_SS_UNKNOWN_STREAMTYPE' })
    await context.close()
    await assert.rejects(context.refreshPolicy(), DestroyedError)
  })

  test('the diagnostics of what was fetched have positions', async () => {
    await using context = await openContext({ policy: builtIn() })
    answer.body = '{\n "s": 1 }'
    await assert.rejects(context.refreshPolicy(), (error) => {
      assert.ok(error instanceof PolicyError)
      assert.equal(error.diagnostics[0]?.line, 2)
      return true
    })
  })
})
