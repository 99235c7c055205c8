import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'

const codesIn = (text: string) => new Set(text.match(/\bERR_SS_[A-Z_]*[A-Z]\b/g))

it('docs/errors.md has every error code of the package, and no other', () => {
  const sources = readdirSync('lib', { recursive: true })
    .map((name) => path.join('lib', String(name)))
    .filter((name) => /\.m?ts$/.test(name))
  const used = codesIn(sources.map((name) => readFileSync(name, 'utf8')).join('\n'))
  const described = codesIn(readFileSync('docs/errors.md', 'utf8'))
  assert.deepEqual([...described].sort(), [...used].sort())
})
