/** The names that the library has for lws's states and returns stand for lws's own numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Return, State, stateCode, USER_BASE } from 'lws-secure-streams'
import { internal } from '../support/internals.js'

const { native } = internal<typeof import('../../dist/addon/native.js')>('addon/native.js')

test('states have the numbers that libwebsockets gives them', () => {
  const { USER_BASE: userBase, ...states } = native().numbers.states
  assert.deepEqual(Object.keys(State), Object.values(State))
  const named = Object.values(State).map((name) => [name, stateCode(name)])
  assert.deepEqual(Object.fromEntries(named), states)
  assert.equal(USER_BASE, userBase)
})

test('returns have the numbers that libwebsockets gives them', () => {
  // This one is of our own documentation's: a handler has destroyed the stream itself.
  const { SS_HANDLE_DESTROYED: _, ...returns } = Return
  assert.deepEqual({ ...returns }, { ...native().numbers.returns })
})
