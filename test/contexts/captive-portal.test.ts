import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { type CaptivePortalResult, openContext, type PolicyInput } from 'lws-secure-streams'
import { type Http1Peer, type RawPeer, startHttp1, startRaw } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'

/** As the specification's example, but for where it asks. */
function policyFor(more: object): PolicyInput {
  const captive_portal_detect = {
    endpoint: '127.0.0.1',
    protocol: 'h1',
    http_method: 'GET',
    opportunistic: true,
    http_expect: 204,
    http_fail_redirect: true,
    ...more,
  } as const
  return { s: [{ captive_portal_detect }] }
}

describe('captive portal detection', { timeout: 30_000 }, () => {
  let portal: Http1Peer
  let silent: RawPeer
  let mail: RawPeer
  let dead: Awaited<ReturnType<typeof deadPort>>
  before(async () => {
    portal = await startHttp1()
    silent = await startRaw({ accept: () => {} })
    mail = await startRaw({ accept: (socket) => void socket.write('220 mail.example.com\r\n') })
    dead = await deadPort()
  })
  after(async () => {
    await dead[Symbol.asyncDispose]()
    await Promise.all([portal.close(), silent.close(), mail.close()])
  })

  const outcomes: Record<string, () => Promise<[more: object, CaptivePortalResult]>> = {
    'the answer that the policy expects': async () => [
      { port: portal.port, http_url: 'status/204' },
      'INTERNET_OK',
    ],
    'another status': async () => [{ port: portal.port, http_url: 'status/200' }, 'CAPTIVE_PORTAL'],
    'a status that is retried otherwise': async () => [
      { port: portal.port, http_url: 'status/503' },
      'CAPTIVE_PORTAL',
    ],
    'a redirect': async () => [
      { port: portal.port, http_url: 'redirect/302/status/200' },
      'CAPTIVE_PORTAL',
    ],
    'a redirect that is followed to another answer': async () => [
      { port: portal.port, http_url: 'redirect/302/status/200', http_fail_redirect: false },
      'CAPTIVE_PORTAL',
    ],
    'no answer in time': async () => [{ port: silent.port, timeout_ms: 50 }, 'NO_INTERNET'],
    'nobody there': async () => [{ port: dead.port }, 'NO_INTERNET'],
    'a name that is unknown': async () => [{ endpoint: 'nobody.invalid', port: 80 }, 'NO_INTERNET'],
    'no HTTP at all': async () => [{ port: mail.port }, 'NO_INTERNET'],
  }

  for (const [name, outcome] of Object.entries(outcomes))
    it(`tells ${name} at the start, and when it is asked`, async () => {
      const [more, expected] = await outcome()
      await using context = await openContext({ policy: policyFor(more) })
      const detected = expected === 'CAPTIVE_PORTAL'
      assert.deepEqual(await once(context, 'captivePortal'), [detected, expected])
      const again = once(context, 'captivePortal')
      assert.equal(await context.checkCaptivePortal(), expected)
      assert.deepEqual(await again, [detected, expected])
    })

  it('makes one check of several that are asked for at once', async () => {
    await using context = await openContext({
      policy: policyFor({ port: portal.port, http_url: 'status/204' }),
    })
    await once(context, 'captivePortal')
    const before = portal.requests.length
    const results = await Promise.all([context.checkCaptivePortal(), context.checkCaptivePortal()])
    assert.deepEqual(results, ['INTERNET_OK', 'INTERNET_OK'])
    assert.equal(portal.requests.length, before + 1)
  })

  it('goes by an overlay, as the specification has it', async () => {
    const policy = policyFor({ port: portal.port, http_url: 'status/204' })
    await using context = await openContext({ policy })
    assert.equal(await context.checkCaptivePortal(), 'INTERNET_OK')
    await context.overlay({ s: [{ captive_portal_detect: { http_url: 'status/200' } }] })
    assert.equal(await context.checkCaptivePortal(), 'CAPTIVE_PORTAL')
  })

  it('is refused without the streamtype', async () => {
    await using context = await openContext({ policy: { s: [] } })
    await assert.rejects(context.checkCaptivePortal(), { code: 'ERR_SS_UNKNOWN_STREAMTYPE' })
  })

  it('is ended by destroy(), and not waited for by close() unless it was asked for', async () => {
    const policy = policyFor({ port: silent.port, timeout_ms: 600_000 })
    const context = await openContext({ policy })
    await context.close()
    const other = await openContext({ policy })
    const asked = other.checkCaptivePortal()
    other.destroy()
    await assert.rejects(asked, { code: 'ERR_SS_DESTROYED' })
    await assert.rejects(other.checkCaptivePortal(), { code: 'ERR_SS_DESTROYED' })
  })
})
