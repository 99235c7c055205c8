// What a program or a policy says and nobody reads is told by the event 'warning' of the process.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext, type RequestOptions, type SecureStreamError } from 'lws-secure-streams'
import { startHttp1 } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

interface Warning extends Error {
  code?: string
}

/** The warnings of this package that `act` leads to. */
async function warningsOf(act: () => Promise<void>): Promise<Warning[]> {
  const warnings: Warning[] = []
  const listener = (warning: Warning) => {
    if (warning.code?.startsWith('LWS_SS_')) warnings.push(warning)
  }
  process.on('warning', listener)
  try {
    await act()
    // Warnings are told in order, so what was warned of before this has been told.
    process.emitWarning('last', { code: 'LAST' })
    await once(process, 'warning')
    return warnings
  } finally {
    process.off('warning', listener)
  }
}

const other = (options: object) => options as RequestOptions

describe('options that do not exist', () => {
  test('are warned of, with what may have been meant, once for each of a context', async () => {
    await using peer = await startHttp1()
    const policy = policyOf({ echo: streamtype('h1', peer) })
    const warnings = await warningsOf(async () => {
      await using context = await openContext({ policy, cookiejar: 'x' } as never)
      for (let twice = 0; twice < 2; twice++) {
        await (await context.request('echo', other({ body: 'x', timout: 9 }))).text()
        const stream = context.stream('echo', other({ reseend: true, nothing: undefined }))
        await stream.send('x', other({ metdata: {} }))
        stream.destroy()
      }
      // The same name elsewhere is another.
      context.stream('echo', other({ timout: 9 })).destroy()
    })
    assert.deepEqual(
      warnings.map(({ code, message }) => `${code} ${message}`),
      [
        `LWS_SS_UNKNOWN_OPTION openContext() has no option 'cookiejar', which is ignored; did you mean "cookieJar"?`,
        `LWS_SS_UNKNOWN_OPTION request() has no option 'timout', which is ignored; did you mean "timeout"?`,
        `LWS_SS_UNKNOWN_OPTION stream() has no option 'reseend', which is ignored; did you mean "resend"?`,
        `LWS_SS_UNKNOWN_OPTION send() has no option 'metdata', which is ignored; did you mean "metadata"?`,
        `LWS_SS_UNKNOWN_OPTION stream() has no option 'timout', which is ignored`,
      ],
    )
    assert.equal(warnings[0]?.name, 'SecureStreamsWarning')
  })

  test('of serve(), too', async () => {
    const site = { server: true, protocol: 'h1', endpoint: '127.0.0.1', port: 0 } as const
    const warnings = await warningsOf(async () => {
      await using context = await openContext({ policy: { s: [{ site }] } })
      const transaction = () => {}
      await context.serve('site', { transaction, reuseport: true } as never)
    })
    assert.match(String(warnings[0]?.message), /serve\(\) .*'reuseport'.*"reusePort"/)
    assert.equal(warnings.length, 1)
  })

  test('those that exist are not warned of', async () => {
    await using peer = await startHttp1()
    const policy = policyOf({ echo: streamtype('h1', peer) })
    const warnings = await warningsOf(async () => {
      await using context = await openContext({ policy, maxSockets: 3, overlays: [], blobs: {} })
      const request = { json: 1, timeout: 60_000, decode: true, metadata: {} }
      await (await context.request('echo', request)).text()
      const { signal } = new AbortController()
      await context.stream('echo', { resend: true, metadata: {}, signal }).send('x', { signal })
    })
    assert.deepEqual(warnings, [])
  })
})

describe('keys of a policy that do not exist', () => {
  test('are warned of once, also when the policy changes', async () => {
    const policy = '{ "s": [{ "a": { "endpiont": "x", "endpoint": "localhost", "port": 1 } }] }'
    const warnings = await warningsOf(async () => {
      await using context = await openContext({ policy })
      await context.overlay({ s: [{ b: { endpoint: 'localhost', prot: 1 } }] })
      await context.overlay({ s: [{ b: { endpoint: 'localhost', prot: 2 } }] })
    })
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['LWS_SS_UNKNOWN_KEY', 'LWS_SS_UNKNOWN_KEY'],
    )
    assert.match(String(warnings[0]?.message), /1:18.*"endpiont".*did you mean "endpoint"/)
    assert.match(String(warnings[1]?.message), /"prot"/)
  })

  test('what the examples of the specification have is known', async () => {
    const a = { endpoint: 'localhost', port: 1, protocol: 'h1get', aux: '/x', plugins: [] } as const
    const warnings = await warningsOf(async () => {
      await (
        await openContext({ policy: { s: [{ a: { ...a, tls: false, urgent_tx: true } }] } })
      ).close()
    })
    assert.deepEqual(warnings, [])
  })
})

describe('names that resemble another', () => {
  test('of streamtypes, metadata and blobs are answered with that', async () => {
    const weather = streamtype('h1', { port: 1 }, { metadata: [{ region: '' }] })
    await using context = await openContext({ policy: policyOf({ weather, chat: weather }) })
    const says = (code: string, meant: string) => (error: Error) => {
      assert.equal((error as SecureStreamError).code, code)
      assert.match(error.message, new RegExp(`did you mean "${meant}"\\?`))
      return true
    }
    assert.throws(() => context.stream('wether'), says('ERR_SS_UNKNOWN_STREAMTYPE', 'weather'))
    await assert.rejects(context.request('wether'), says('ERR_SS_UNKNOWN_STREAMTYPE', 'weather'))
    const metadata = { regoin: 'uk' }
    await assert.rejects(
      context.request('weather', { metadata }),
      says('ERR_SS_UNKNOWN_METADATA', 'region'),
    )
    const stream = context.stream('weather')
    assert.throws(
      () => stream.setMetadata('regoin', 'x'),
      says('ERR_SS_UNKNOWN_METADATA', 'region'),
    )
    assert.throws(
      () => context.setBlob('mqttUserName' as never, 'x'),
      says('ERR_INVALID_ARG_VALUE', 'mqttUsername'),
    )
    assert.throws(
      () => context.stream('something'),
      (error: Error) => !/did you/.test(error.message),
    )
  })
})
