import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { KEYS } from '../policy/helpers.js'

const PREFIX = {
  root: '',
  retry: 'retry.',
  trust_store: 'trust_stores.',
  auth: 'auth.',
  metric: 'metrics.',
  streamtype: 's.',
} as const

const folder = path.join('test', 'policy-effects')
const keys = KEYS.map(({ place, name }) => `${PREFIX[place]}${name}`)
const shown = readdirSync(folder).flatMap((name) => {
  const calls = readFileSync(path.join(folder, name), 'utf8').matchAll(/effectOf\(\s*'([^']+)'/g)
  return Array.from(calls, ([, key = '']) => key)
})
const document = readFileSync(path.join('docs', 'key-coverage.md'), 'utf8')
const excused = new Map(
  Array.from(document.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm), ([, key = '', why = '']) => [
    key,
    why,
  ]),
)

describe('every key has its effect shown', () => {
  test('by a test, or docs/key-coverage.md says why not', () => {
    assert.deepEqual(
      keys.filter((key) => !shown.includes(key) && !excused.has(key)),
      [],
    )
  })

  test('where docs/key-coverage.md says that there is none, there is none', () => {
    assert.deepEqual(
      shown.filter((key) => excused.has(key)),
      [],
    )
  })

  test('of keys that there are', () => {
    for (const key of [...shown, ...excused.keys()]) assert.ok(keys.includes(key), key)
  })

  test('in files that there are', () => {
    for (const [, file = ''] of document.matchAll(/`(test\/[^`]+\.ts)`/g))
      assert.ok(existsSync(file), file)
  })
})
