/** What a streamtype is, as its Kind says it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Streamtype } from '../../../dist/policy/form/types.js'
import type { Exchange, Role } from '../../../dist/streamtypes/kind.js'
import { internal } from '../../support/internals.js'

const { Kind } = internal<typeof import('../../../dist/streamtypes/kind.js')>('streamtypes/kind.js')

const kindOf = (definition: Streamtype, role?: Role) =>
  new Kind('it', { endpoint: 'host', ...definition }, role && { role })

test('what is exchanged, whether that is acknowledged, and whether it can be sent', () => {
  const expected: [Streamtype, Exchange, acknowledged: boolean, canSend: boolean][] = [
    [{}, 'requests', true, false],
    [{ protocol: 'h1', http_method: 'POST' }, 'requests', true, true],
    [{ protocol: 'h2', http_method: 'PUT' }, 'requests', true, true],
    [{ protocol: 'h2', http_method: 'DELETE' }, 'requests', true, false],
    [{ protocol: 'ws' }, 'messages', false, true],
    [{ protocol: 'mqtt' }, 'publishes', true, false],
    [{ protocol: 'mqtt', mqtt_topic: 'x' }, 'publishes', true, true],
    [{ protocol: 'raw' }, 'bytes', false, true],
    [{ protocol: 'h1', server: true }, 'responses', false, true],
    [{ protocol: 'ws', server: true }, 'messages', false, true],
  ]
  for (const [definition, ...what] of expected) {
    const { exchange, acknowledged, canSend } = kindOf(definition)
    assert.deepEqual([exchange, acknowledged, canSend], what, JSON.stringify(definition))
  }
})

test('the role is that of the policy, unless the stream was accepted', () => {
  assert.equal(kindOf({}).role, 'client')
  assert.equal(kindOf({ server: true }).role, 'server')
  const accepted = kindOf({ server: true }, 'accepted')
  assert.equal(accepted.role, 'accepted')
  assert.equal(accepted.exchange, 'responses')
})

test('a stream goes on as another kind when it has the same role and exchange', () => {
  const h1 = kindOf({ protocol: 'h1' })
  assert.ok(h1.canBecome(kindOf({ protocol: 'h2', http_method: 'POST' })))
  assert.ok(!h1.canBecome(kindOf({ protocol: 'ws' })))
  assert.ok(!h1.canBecome(kindOf({ protocol: 'h1', server: true })))
})

test('metadata are what the policy declares, and headers with direct_proto_str', () => {
  const metadata = [{ one: 'x-one:' }, { two: '' }]
  const declared = kindOf({ metadata })
  assert.deepEqual(declared.metadataNames, ['one', 'two'])
  assert.throws(() => declared.checkMetadataName('x-three:'), { code: 'ERR_SS_UNKNOWN_METADATA' })
  assert.equal(kindOf({ direct_proto_str: true }).checkMetadataName('x-three:'), 'x-three:')
  assert.deepEqual(
    declared.metadataPairs({ two: 'b', one: 'a' }).map((part) => part.toString()),
    ['two', 'b', 'one', 'a'],
  )
  assert.throws(() => declared.metadataBytes('value', 'one', 'a\r\nb'), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})
