import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { openContext, PolicyError } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type CertificateOptions,
  startRaw,
  startSocks5,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

let root: CertificateAuthority
before(async () => {
  root = await CertificateAuthority.create()
})

/** Why a stream to `endpoint` refuses a server with such a certificate; undefined when it does not. */
async function refusal(endpoint: string, certificate: CertificateOptions) {
  await using peer = await startRaw({ tls: await root.issue(certificate) })
  // It leads there whatever the endpoint is, and whatever the system takes that for.
  await using proxy = await startSocks5({ host: '127.0.0.1' })
  const { retry: _, ...once } = streamtype('raw', peer, { tls: true, endpoint })
  const policy = { 'via-socks5': `127.0.0.1:${proxy.port}`, ...policyOf({ it: once }, root) }
  await using context = await openContext({ policy })
  try {
    await context.stream('it').connect()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const ADDRESS = { names: ['127.0.0.1'] }
const V6 = { names: ['::1'] }

const accepted: [endpoint: string, certificate: CertificateOptions][] = [
  ['127.0.0.1', ADDRESS],
  ['127.0.0.1', { names: ['localhost', '::1', '127.0.0.1'] }],
  ['[::1]', V6],
  ['[0:0:0:0:0:0:0:1]', V6],
  ['[0000:0000::0.0.0.1]', V6],
  ['[::0012]', { names: ['::12'] }],
]

const MISMATCH = /certificate is for another (name|address)/

/** What is no address in its usual form is a name, and no certificate for an address is one for it. */
const refused: [endpoint: string, certificate: CertificateOptions][] = [
  // Octal to the system, and decimal to OpenSSL.
  ['0177.0.0.1', ADDRESS],
  ['0177.0.0.1', { names: ['177.0.0.1'] }],
  ['127.0.0.01', ADDRESS],
  ['127.1', ADDRESS],
  ['0x7f.0.0.1', ADDRESS],
  ['2130706433', ADDRESS],
  ['127.0.0\u30021', ADDRESS],
  ['127.0.0.1', { names: ['127.0.0.2'] }],
  ['127.0.0.1', V6],
  ['[::1]', { names: ['::2'] }],
  ['[::ffff:127.0.0.1]', ADDRESS],
  // An address as the name of a host.
  ['127.0.0.1', { names: [], hostNames: ['127.0.0.1'] }],
  ['127.0.0.1', { names: [], commonName: '127.0.0.1' }],
  ['127.0.0.1', { names: [], hostNames: ['*.0.0.1'] }],
  ['[::1]', { names: [], hostNames: ['::1'] }],
  // What C would take for the end of the name.
  ['localhost', { names: [], hostNames: ['localhost\0.example.com'] }],
  ['localhost', { names: [], commonName: 'localhost\0.example.com' }],
  ['localhost', { names: [], hostNames: ['localhost\0'] }],
]

describe('a certificate', { timeout: 60_000 }, () => {
  const show = (endpoint: string, certificate: CertificateOptions) =>
    `${endpoint} ${JSON.stringify(certificate)}`

  for (const [endpoint, certificate] of accepted)
    test(`is accepted: ${show(endpoint, certificate)}`, async () =>
      assert.equal(await refusal(endpoint, certificate), undefined))

  for (const [endpoint, certificate] of refused)
    test(`is refused: ${show(endpoint, certificate)}`, async () =>
      assert.match((await refusal(endpoint, certificate)) ?? 'accepted', MISMATCH))
})

test('an endpoint has no NUL, in the policy or by metadata', async () => {
  const evil = 'localhost\0.example.com'
  await assert.rejects(openContext({ policy: policyOf({ it: { endpoint: evil } }) }), PolicyError)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
  const named = { endpoint: '${host}', metadata: [{ host: '' }], protocol: 'raw', port: 1 } as const
  await using context = await openContext({ policy: policyOf({ it: named }) })
  assert.throws(() => context.stream('it', { metadata: { host: evil } }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await using stream = context.stream('it')
  assert.throws(() => stream.setMetadata('host', evil), { code: 'ERR_INVALID_ARG_VALUE' })
})
