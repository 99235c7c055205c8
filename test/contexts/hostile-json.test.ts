import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'

type Addon = typeof import('../../dist/addon/native.js')

// This library never gives libwebsockets the text of a policy as it is, so its parser of JSON is asked
// through the addon. What it writes past its own ends, the sanitizers see.
const dist = path.dirname(require.resolve('lws-secure-streams'))
const { native } = require(path.join(dist, 'addon', 'native.js')) as Addon

/** Whether libwebsockets takes it for a policy. */
async function isTaken(policy: string): Promise<boolean> {
  const notices = new EventEmitter()
  const { Context } = native()
  const options = {
    policy,
    trust: [],
    chooseProxy: undefined,
    maxSockets: 0,
    cookies: { get: () => '', set: () => {} },
    sign: () => [false, ''] as [boolean, string],
    redirect: () => '',
  }
  let context: InstanceType<typeof Context>
  try {
    context = new Context(
      options,
      (kind) => notices.emit(String(kind)),
      () => Buffer.alloc(65_536),
      () => {},
      () => {},
    )
  } catch {
    return false
  }
  const closed = once(notices, String(native().numbers.notices.closed))
  context.close()
  await closed
  return true
}

/** A policy whose longest path has so many bytes. */
const withPathOf = (bytes: number) => {
  const name = 'x'.repeat(bytes - 's[]..port'.length)
  return `{"s":[{"${name}":{"port":1}}]}`
}
const withArrays = (depth: number) =>
  `{"s":[{"a":{"endpoint":"e","metadata":${'['.repeat(depth)}${']'.repeat(depth)}}}]}`

test('a path of up to 127 bytes is taken, and a longer one refused', async () => {
  for (const bytes of [20, 100, 126, 127]) assert.ok(await isTaken(withPathOf(bytes)), `${bytes}`)
  for (const bytes of [128, 129, 130, 200, 255, 256, 257, 400, 5000])
    assert.equal(await isTaken(withPathOf(bytes)), false, `${bytes}`)
})

test('arrays in more arrays than are counted are refused', async () => {
  assert.ok(await isTaken(withArrays(7)))
  for (const depth of [8, 9, 20, 300])
    assert.equal(await isTaken(withArrays(depth)), false, `${depth}`)
})

test('numbers that do not end are refused', async () => {
  for (const digits of [254, 255, 256, 1000])
    assert.equal(
      await isTaken(`{"s":[{"a":{"endpoint":"e","port":${'1'.repeat(digits)}}}]}`),
      false,
      `${digits}`,
    )
})

test('text that is no policy is refused, and the next is taken', async () => {
  for (const text of [
    '{"s":[{"a":{"endpoint":1e}}]}',
    '{"s":[{"a":]',
    '{"certs":[{"a":"!"}]}',
    '{]',
  ])
    assert.equal(await isTaken(text), false, text)
  assert.ok(await isTaken(withPathOf(20)))
})
