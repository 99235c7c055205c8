import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { openContext, PolicyError } from 'lws-secure-streams'
import { CertificateAuthority } from '../peers/index.js'
import { goodPolicy } from '../policy/helpers.js'
import { edits, mutate, OPTIONS } from '../policy/mutations.js'

let certs: Record<string, string>[]

before(async () => {
  const authority = await CertificateAuthority.create()
  const identity = await authority.issue()
  const base64Of = (pem: string) => new X509Certificate(pem).raw.toString('base64')
  const key = createPrivateKey(identity.key).export({ type: 'pkcs8', format: 'der' })
  certs = [
    { root: base64Of(authority.pem) },
    { site: base64Of(identity.cert) },
    { key: key.toString('base64') },
  ]
})

const policyToChange = () => ({ ...goodPolicy(), certs: structuredClone(certs) })

let opened = 0
let refused = 0

/** Opens a context with a policy, and closes it; a policy may only be refused as such. */
async function tryOpening(policy: object | string): Promise<void> {
  try {
    const context = await openContext({ policy })
    opened++
    await context.close()
  } catch (error) {
    assert.ok(error instanceof PolicyError, String(error))
    refused++
  }
}

test('a context opens with a changed policy or refuses it', async () => {
  await tryOpening(policyToChange())
  assert.equal(opened, 1)
  await fc.assert(
    fc.asyncProperty(edits, (changes) => tryOpening(mutate(changes, policyToChange()))),
    OPTIONS,
  )
  assert.ok(opened > 1 && refused > 0)
})

test('and with changed text', async () => {
  const text = JSON.stringify(policyToChange())
  const pieces = fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '0', '\n', '\0', 'é')
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length), fc.nat(3), pieces, (at, length, piece) =>
      tryOpening(text.slice(0, at) + piece + text.slice(at + length)),
    ),
    OPTIONS,
  )
})
