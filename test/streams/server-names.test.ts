import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, startRaw, startSocks5, starts } from '../peers/index.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

let root: CertificateAuthority
before(async () => {
  root = await CertificateAuthority.create()
})

test('the server hears the name that is wanted, and no address', { timeout: 30_000 }, async () => {
  const tls = await root.issue({ names: ['localhost', '127.0.0.1'] })
  for (const protocol of protocols) {
    await using peer = await starts[protocol]({ tls })
    const of = (endpoint: string) => streamtype(protocol, peer, { tls: true, endpoint })
    await using context = await openContext({
      policy: policyOf({ name: of('localhost'), address: of('127.0.0.1') }, root),
    })
    for (const it of ['name', 'address']) {
      await using stream = context.stream(it, ownTopic(protocol))
      await stream.send('hello')
      assert.equal(String(await nextMessage(stream)), 'hello')
    }
    assert.deepEqual(peer.serverNames, ['localhost', false], protocol)
  }
})

describe('a certificate for', { timeout: 60_000 }, () => {
  const ENDPOINT = 'www.example.test'
  const LONG = `${`${'a'.repeat(60)}.`.repeat(3)}test`

  /** What comes of a stream to `endpoint`, where a server has a certificate of these names. */
  async function outcome(endpoint: string, names: string[], commonName?: string) {
    const tls = await root.issue({ names, ...(commonName && { commonName }) })
    await using peer = await startRaw({ tls })
    await using proxy = await startSocks5({ host: '127.0.0.1' })
    const { retry: _, ...once } = streamtype('raw', peer, { tls: true, endpoint })
    const policy = { 'via-socks5': `127.0.0.1:${proxy.port}`, ...policyOf({ it: once }, root) }
    await using context = await openContext({ policy })
    await using stream = context.stream('it')
    try {
      await stream.send('hello')
      assert.equal(String(await nextMessage(stream)), 'hello')
      return peer.serverNames[0]
    } catch (error) {
      return (error as Error).message
    }
  }

  const accepted: Record<string, [endpoint: string, names: string[], commonName?: string]> = {
    'the name': [ENDPOINT, [ENDPOINT]],
    'the name among others': [ENDPOINT, ['example.com', '127.0.0.1', ENDPOINT]],
    'the name in other letters': [ENDPOINT, ['WWW.Example.TEST']],
    'all names of its domain': [ENDPOINT, ['*.example.test']],
    'the name as its subject, when it has no others': [ENDPOINT, [], ENDPOINT],
    'a name of full length': [LONG, [LONG]],
    'a name that the policy ends with a dot': [`${ENDPOINT}.`, [ENDPOINT]],
  }
  for (const [what, of] of Object.entries(accepted))
    test(`${what} is accepted`, async () => {
      assert.equal(await outcome(...of), of[0].replace(/\.$/, ''))
    })

  const refused: Record<string, [endpoint: string, names: string[], commonName?: string]> = {
    'names of another domain': [ENDPOINT, ['*.example.com']],
    'names one level above': [ENDPOINT, ['*.test']],
    'names one level below': [ENDPOINT, ['*.www.example.test']],
    'the domain, but the names in it': ['example.test', ['*.example.test']],
    'some names of its domain': [ENDPOINT, ['w*.example.test']],
    'any name': [ENDPOINT, ['*']],
    'any domain': [ENDPOINT, ['www.*.test']],
    'another name than its subject': [ENDPOINT, ['example.test'], ENDPOINT],
    'the first characters of the name': [LONG, [LONG.slice(0, 127)]],
  }
  for (const [what, of] of Object.entries(refused))
    test(`${what} is refused`, async () => {
      assert.match(String(await outcome(...of)), /is for another name/)
    })
})
