import assert from 'node:assert/strict'
import { openContext, type PolicyInput } from 'lws-secure-streams'
import { effectOf } from './effect-of.js'

const base: PolicyInput = { s: [{ it: { endpoint: 'localhost', port: 1, protocol: 'raw' } }] }

/** What keys that are for information come to: the program can read them. */
async function readBack(policy: PolicyInput) {
  await using context = await openContext({ policy })
  return context.policy
}

const isTold =
  (key: 'release' | 'product' | 'schema-version', value: string | number) => async () => {
    assert.equal((await readBack(base))[key], undefined)
    assert.equal((await readBack({ [key]: value, ...base }))[key], value)
    await using context = await openContext({ policy: base })
    await context.overlay({ [key]: value })
    assert.equal(context.policy[key], value)
  }
effectOf('release', 'is told by context.policy', isTold('release', '01234567'))
effectOf('product', 'is told by context.policy', isTold('product', 'myproduct'))
effectOf('schema-version', 'is told by context.policy', isTold('schema-version', 1))

effectOf('s.payload_fmt', 'is told by context.policy', async () => {
  const payload_fmt = 'application/json'
  const policy = await readBack({ s: [{ it: { ...base.s?.[0]?.it, payload_fmt } }] })
  assert.equal(policy.s[0]?.it?.payload_fmt, payload_fmt)
})
