import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type CertificateOptions,
  ExtendedKeyUsage,
  KeyUsageFlags,
  type Peer,
  type RawPeer,
  rsa,
  selfSigned,
  startHttp1,
  startRaw,
  starts,
  type TlsIdentity,
} from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextMessage } from '../support/states.js'

const startsWith = starts as Record<
  ProtocolName,
  (options: { tls: TlsIdentity }) => Promise<RawPeer>
>

const DAY = 24 * 60 * 60 * 1000
const yesterday = new Date(Date.now() - DAY)
const tomorrow = new Date(Date.now() + DAY)

/** Says hello to `peer`, and gives what came back, or the reason why nothing did. */
async function hello(
  protocol: ProtocolName,
  peer: Pick<Peer, 'port'>,
  trusted: CertificateAuthority,
  endpoint = 'localhost',
): Promise<string> {
  const definition = streamtype(protocol, peer, { tls: true, endpoint })
  const { retry: _, ...once } = definition
  await using context = await openContext({ policy: policyOf({ it: once }, trusted) })
  await using stream = context.stream('it', ownTopic(protocol))
  try {
    await stream.send('hello')
    return String(await nextMessage(stream))
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    assert.equal(code, 'ERR_SS_ALL_RETRIES_FAILED')
    return message
  }
}

const INTERMEDIATES = 20

let root: CertificateAuthority
let stranger: CertificateAuthority
before(async () => {
  root = await CertificateAuthority.create('Test CA', { pathLength: INTERMEDIATES })
  stranger = await CertificateAuthority.create('Another CA')
})

const onlyLeaf = ({ cert, key }: TlsIdentity): TlsIdentity => ({
  cert: `${cert.split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----\n`,
  key,
})

/** What a server has that does not care. */
const weakly = async (options: CertificateOptions): Promise<TlsIdentity> => ({
  ...(await root.issue(options)),
  ciphers: 'DEFAULT@SECLEVEL=0',
})

const refused: Record<string, { says: RegExp; identity: () => Promise<TlsIdentity> }> = {
  'for another name': {
    says: /is for another name/,
    identity: () => root.issue({ names: ['example.com'] }),
  },
  'for a name that only begins with it': {
    says: /is for another name/,
    identity: () => root.issue({ names: ['localhost.example.com', 'xlocalhost', '*'] }),
  },
  'that has expired': {
    says: /certificate has expired/,
    identity: () => root.issue({ notBefore: new Date(Date.now() - 2 * DAY), notAfter: yesterday }),
  },
  'of tomorrow': {
    says: /is not valid yet/,
    identity: () => root.issue({ notBefore: tomorrow }),
  },
  'that is signed by itself': {
    says: /vouches for itself/,
    identity: () => selfSigned(),
  },
  'of an issuer that is not trusted': {
    says: /issued by an authority that is not trusted/,
    identity: () => stranger.issue(),
  },
  'of an intermediate that is not trusted': {
    says: /issued by an authority that is not trusted/,
    identity: async () => (await stranger.subordinate()).issue(),
  },
  'without its intermediate': {
    says: /issued by an authority that is not trusted/,
    identity: async () => onlyLeaf(await (await root.subordinate()).issue()),
  },
  'whose intermediate has expired': {
    says: /certificate has expired/,
    identity: async () => {
      const notBefore = new Date(Date.now() - 2 * DAY)
      return (await root.subordinate({ notBefore, notAfter: yesterday })).issue()
    },
  },
  'whose intermediate is no authority': {
    says: /invalid CA certificate/,
    identity: async () => (await root.subordinate({ isCA: false })).issue(),
  },
  'with more intermediates than one of them allows': {
    says: /a longer chain than its authority allows/,
    identity: async () => {
      const first = await root.subordinate({ pathLength: 0 })
      return (await first.subordinate({ name: 'One too many' })).issue()
    },
  },
  'for a name that its authority may not vouch for': {
    says: /that its authority may not vouch for/,
    identity: async () => (await root.subordinate({ permitted: 'example.com' })).issue(),
  },
  'whose key is weak': {
    says: /a key that is too weak/,
    identity: () => weakly({ keyAlgorithm: rsa(1024) }),
  },
  'that is signed with SHA-1': {
    says: /a digest that is too weak/,
    identity: () => weakly({ hash: 'SHA-1' }),
  },
  'for clients': {
    says: /is not one for servers/,
    identity: () => root.issue({ extendedKeyUsage: ExtendedKeyUsage.clientAuth }),
  },
  'for signing certificates': {
    says: /is not one for servers/,
    identity: () => root.issue({ keyUsage: KeyUsageFlags.keyCertSign }),
  },
}

for (const [what, { says, identity }] of Object.entries(refused))
  test(`a certificate ${what} is refused, and the error says so`, { timeout: 30_000 }, async () => {
    const tls = await identity()
    for (const protocol of protocols) {
      await using peer = await startsWith[protocol]({ tls })
      assert.match(await hello(protocol, peer, root), says, protocol)
    }
  })

const accepted: Record<string, () => Promise<TlsIdentity>> = {
  'of the trusted authority': () => root.issue(),
  'with its intermediate': async () => (await root.subordinate()).issue(),
  'for a name that its authority may vouch for': async () =>
    (await root.subordinate({ permitted: 'localhost' })).issue({ names: ['localhost'] }),
  'larger than a TLS record': () =>
    root.issue({
      names: ['localhost', ...Array.from({ length: 400 }, (_, n) => `${'a'.repeat(60)}.host-${n}`)],
    }),
  'below many intermediates': async () => {
    let authority = root
    for (let pathLength = INTERMEDIATES - 1; pathLength >= 0; pathLength--)
      authority = await authority.subordinate({ name: `Below ${pathLength}`, pathLength })
    return authority.issue()
  },
  'with an RSA key': () => root.issue({ keyAlgorithm: rsa(2048) }),
  'with an Ed25519 key': () => root.issue({ keyAlgorithm: { name: 'Ed25519' } }),
  'for servers': () =>
    root.issue({
      keyUsage: KeyUsageFlags.digitalSignature,
      extendedKeyUsage: ExtendedKeyUsage.serverAuth,
    }),
}

for (const [what, identity] of Object.entries(accepted))
  test(`a certificate ${what} is accepted`, { timeout: 30_000 }, async () => {
    const tls = await identity()
    for (const protocol of protocols) {
      await using peer = await startsWith[protocol]({ tls })
      assert.equal(await hello(protocol, peer, root), 'hello', protocol)
    }
  })

test('an endpoint that is an address needs a certificate for that address', async () => {
  await using named = await startHttp1({ tls: await root.issue({ names: ['localhost'] }) })
  await using other = await startHttp1({ tls: await root.issue({ names: ['127.0.0.2'] }) })
  await using right = await startHttp1({ tls: await root.issue({ names: ['127.0.0.1'] }) })
  assert.match(await hello('h1', named, root, '127.0.0.1'), /is for another address/)
  assert.match(await hello('h1', other, root, '127.0.0.1'), /is for another address/)
  assert.equal(await hello('h1', right, root, '127.0.0.1'), 'hello')
})

test('so does one of IPv6', async (t) => {
  const relays = async (names: string[]) => {
    const peer = await startRaw({ tls: await root.issue({ names }) })
    const relay = net.createServer((client) => {
      const server = net.connect(peer.port, '127.0.0.1')
      client
        .on('error', () => server.destroy())
        .pipe(server)
        .pipe(client)
      server.on('error', () => client.destroy())
    })
    relay.listen(0, '::1')
    await once(relay, 'listening')
    t.after(() => {
      relay.close()
      return peer.close()
    })
    return relay.address() as net.AddressInfo
  }
  assert.match(
    await hello('raw', await relays(['localhost']), root, '::1'),
    /is for another address/,
  )
  assert.equal(await hello('raw', await relays(['::1']), root, '::1'), 'hello')
})

describe('the version of TLS', { timeout: 30_000 }, () => {
  // As its maker would say: what this Node's OpenSSL can still speak, if it is asked to.
  const ciphers = 'DEFAULT@SECLEVEL=0'

  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    test(`${version} is too old`, async () => {
      const tls = { ...(await root.issue()), ciphers, minVersion: version, maxVersion: version }
      for (const protocol of protocols) {
        await using peer = await startsWith[protocol]({ tls })
        assert.match(await hello(protocol, peer, root), /refuses the versions of TLS/, protocol)
      }
    })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`${version} is spoken, and sessions are used again each time`, async () => {
      const tls = { ...(await root.issue()), minVersion: version, maxVersion: version }
      for (const protocol of protocols) {
        await using peer = await startsWith[protocol]({ tls })
        const definition = streamtype(protocol, peer, { tls: true })
        await using context = await openContext({ policy: policyOf({ it: definition }, root) })
        for (let n = 0; n < 4; n++) {
          await using stream = context.stream('it', ownTopic(protocol))
          await stream.send('hello')
          assert.equal(String(await nextMessage(stream)), 'hello')
          // Once the client ends it, once the server does.
          if (n % 2) stream.disconnect()
          const closed = [...peer.sockets].map((socket) => once(socket, 'close'))
          peer.dropConnections()
          await Promise.all(closed)
        }
        assert.deepEqual(peer.sessionsReused, [false, true, true, true], protocol)
      }
    })
})

test('a session is no way around what another streamtype trusts', { timeout: 30_000 }, async () => {
  await using peer = await startHttp1({ tls: await root.issue() })
  const definition = streamtype('h1', peer, { tls: true })
  const { retry: _, ...once } = definition
  await using context = await openContext({
    policy: {
      certs: [{ root: root.policyCert }, { stranger: stranger.policyCert }],
      trust_stores: [
        { name: 'right', stack: ['root'] },
        { name: 'wrong', stack: ['stranger'] },
      ],
      s: [
        { trusts: { ...once, tls_trust_store: 'right' } },
        { does_not: { ...once, tls_trust_store: 'wrong' } },
      ],
    },
  })
  for (let n = 0; n < 3; n++) {
    assert.equal(await (await context.request('trusts', { body: 'x' })).text(), 'x')
    await assert.rejects(context.request('does_not', { body: 'x' }), {
      code: 'ERR_SS_ALL_RETRIES_FAILED',
      message: /not trusted/,
    })
  }
})
