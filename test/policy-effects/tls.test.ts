import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { before, describe, test } from 'node:test'
import { type Context, openContext, type PolicyInput } from 'lws-secure-streams'
import { CertificateAuthority, startHttp1, startRaw, starts } from '../peers/index.js'
import { ownTopic, type ProtocolName, protocols, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'
import { effectOf } from './effect-of.js'

interface Pair {
  cert: Buffer
  key: Buffer
}
type Definition = NonNullable<PolicyInput['s']>[number][string]

const GET = { http_method: 'GET', http_url: '/' }
const TLS_HANDSHAKE = 22

const derOf = (pem: string) =>
  Buffer.from(/-----BEGIN [^-]+-----([^-]+)/.exec(pem)?.[1] ?? '', 'base64')

const withoutRetry = ({ retry: _, ...definition }: Definition): Definition => definition

describe('trust', { timeout: 60_000 }, () => {
  let right: CertificateAuthority
  let wrong: CertificateAuthority
  before(async () => {
    right = await CertificateAuthority.create('Right')
    wrong = await CertificateAuthority.create('Wrong')
  })

  /** Both authorities, each in a trust store of its own. */
  const policyFor = (definition: Definition, more: PolicyInput = {}): PolicyInput => ({
    certs: [{ right: right.policyCert }, { wrong: wrong.policyCert }],
    trust_stores: [
      { name: 'right', stack: ['right'] },
      { name: 'wrong', stack: ['wrong'] },
    ],
    ...more,
    s: [{ it: { opportunistic: true, ...definition } }],
  })

  /** Whether a GET by the policy is answered, rather than refused because of the certificate. */
  async function isTrusted(policy: PolicyInput): Promise<boolean> {
    await using context = await openContext({ policy, ca: wrong.pem })
    try {
      const reply = await context.request('it')
      await reply.bytes()
      return reply.acked
    } catch (error) {
      assert.match((error as Error).message, /certificate/)
      return false
    }
  }
  const withPeer = async (use: (secure: Definition) => Promise<void>) => {
    await using peer = await startHttp1({ tls: await right.issue() })
    await use(withoutRetry(streamtype('h1', peer, { ...GET, tls: true })))
  }

  effectOf('s.tls_trust_store', 'is what the certificate is checked by', () =>
    withPeer(async (secure) => {
      assert.equal(await isTrusted(policyFor({ ...secure, tls_trust_store: 'right' })), true)
      assert.equal(await isTrusted(policyFor({ ...secure, tls_trust_store: 'wrong' })), false)
      assert.equal(await isTrusted(policyFor(secure)), false)
    }),
  )

  effectOf('certs', 'are what the names in a stack stand for', () =>
    withPeer(async (secure) => {
      const definition = { ...secure, tls_trust_store: 'right' }
      const certs = [{ right: wrong.policyCert }, { wrong: right.policyCert }]
      assert.equal(await isTrusted(policyFor(definition)), true)
      assert.equal(await isTrusted(policyFor(definition, { certs })), false)
    }),
  )

  effectOf('trust_stores', 'are what tls_trust_store refers to', () =>
    withPeer(async (secure) => {
      const definition = { ...secure, tls_trust_store: 'right' }
      const store = { name: 'right', stack: ['wrong', 'right'] }
      assert.equal(await isTrusted(policyFor(definition, { trust_stores: [store] })), true)
      await assert.rejects(isTrusted(policyFor(definition, { trust_stores: [] })), {
        code: 'ERR_SS_POLICY',
      })
    }),
  )

  effectOf('trust_stores.name', 'is the name that it is referred to by', () =>
    withPeer(async (secure) => {
      const definition = { ...secure, tls_trust_store: 'right' }
      const exchanged = [
        { name: 'wrong', stack: ['right'] },
        { name: 'right', stack: ['wrong'] },
      ]
      assert.equal(await isTrusted(policyFor(definition)), true)
      assert.equal(await isTrusted(policyFor(definition, { trust_stores: exchanged })), false)
    }),
  )

  effectOf('trust_stores.stack', 'names all that is trusted, wherever it stands', () =>
    withPeer(async (secure) => {
      const definition = { ...secure, tls_trust_store: 'it' }
      for (const [stack, trusted] of [
        [['right'], true],
        [['wrong', 'right'], true],
        [['wrong'], false],
      ] as const) {
        const trust_stores = [{ name: 'it', stack: [...stack] }]
        assert.equal(await isTrusted(policyFor(definition, { trust_stores })), trusted)
      }
    }),
  )
})

describe('TLS', { timeout: 60_000 }, () => {
  const firstByteFor = async (protocol: ProtocolName, tls: boolean) => {
    let hello: (byte: number) => void
    const byte = new Promise<number>((resolve) => {
      hello = resolve
    })
    await using peer = await startRaw({
      accept: (socket: Socket) => socket.once('data', ([first]) => hello(first as number)),
    })
    const context = await openContext({
      policy: { s: [{ it: withoutRetry(streamtype(protocol, peer, { tls })) }] },
    })
    context
      .stream('it', ownTopic(protocol))
      .send('hello')
      .catch(() => {})
    const first = await byte
    context.destroy()
    return first
  }

  for (const protocol of protocols)
    effectOf('s.tls', `${protocol} begins with a handshake`, async () => {
      assert.notEqual(await firstByteFor(protocol, false), TLS_HANDSHAKE)
      assert.equal(await firstByteFor(protocol, true), TLS_HANDSHAKE)
    })
})

describe('client certificates', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  const clients: Pair[] = []

  before(async () => {
    authority = await CertificateAuthority.create()
    for (const name of ['first', 'second']) {
      const { cert, key } = await authority.issue({ names: [name] })
      clients.push({ cert: derOf(cert), key: derOf(key) })
    }
  })

  const open = (definition: Definition): Promise<Context> =>
    openContext({
      policy: {
        retry: [{ quick: { backoff: [1], conceal: 0 } }],
        s: [{ it: { ...definition, tls: true } }],
      },
      ca: authority.pem,
      blobs: { clientCert: clients },
    })
  const mutual = async () => ({
    ...(await authority.issue()),
    ca: authority.pem,
    requestCert: true,
    // So that the server has seen the certificate when the client is connected.
    maxVersion: 'TLSv1.2' as const,
  })

  for (const protocol of protocols)
    effectOf('s.client_cert', `${protocol} shows that one of the certificates`, async () => {
      await using peer = await starts[protocol]({ tls: await mutual() })
      for (const [client_cert, name] of [
        [0, 'first'],
        [1, 'second'],
      ] as const) {
        const shown = peer.clientNames.length
        await using context = await open(streamtype(protocol, peer, { client_cert }))
        const stream = context.stream('it', ownTopic(protocol))
        await stream.send('hello')
        assert.equal(String(await nextMessage(stream)), 'hello')
        assert.deepEqual(peer.clientNames.slice(shown), [name])
      }
      await using context = await open(streamtype(protocol, peer))
      await assert.rejects(context.stream('it', ownTopic(protocol)).send('hello'))
    })

  const unusable = (error: Error) => {
    assert.match(error.message, /client certificate is missing or unusable/)
    return true
  }

  test('one that is missing keeps the stream from connecting; another may take the place of one', async () => {
    await using peer = await startRaw({ tls: await mutual() })
    for (const client_cert of [2, 15]) {
      await using context = await open(streamtype('raw', peer, { client_cert }))
      await assert.rejects(context.stream('it').connect(), unusable)
    }
    await using context = await open(streamtype('raw', peer, { client_cert: 0 }))
    context.setBlob('clientCert', [clients[1] as Pair])
    const stream = context.stream('it')
    await stream.send('hello')
    assert.equal(String(await nextMessage(stream)), 'hello')
    assert.deepEqual(peer.clientNames, ['second'])
  })

  test('there is room for one of each index', async () => {
    await using peer = await startRaw({ tls: await mutual() })
    await using context = await open(streamtype('raw', peer, { client_cert: 15 }))
    const [first, second] = clients as [Pair, Pair]
    context.setBlob('clientCert', [...Array(15).fill(first), second])
    const stream = context.stream('it')
    await stream.send('hello')
    assert.equal(String(await nextMessage(stream)), 'hello')
    assert.deepEqual(peer.clientNames, ['second'])
  })
})
