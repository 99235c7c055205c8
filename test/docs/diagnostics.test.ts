import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'

type Severities = Map<string, Set<string>>

function add(found: Severities, code: string, severities: readonly string[]): void {
  const known = found.get(code) ?? new Set()
  found.set(code, new Set([...known, ...severities]))
}

/** The codes that the checker reports, each with its severities, as its source has them. */
function reported(): Severities {
  const found: Severities = new Map()
  const names = readdirSync(path.join('lib', 'policy'), { encoding: 'utf8', recursive: true })
  for (const name of names.filter((file) => file.endsWith('.ts'))) {
    const source = readFileSync(path.join('lib', 'policy', name), 'utf8')
    for (const [, call, code = ''] of source.matchAll(
      /\b(error|warning|info|fail)\(\s*'([a-z][a-z0-9-]+)'/g,
    )) {
      add(found, code, [call === 'fail' ? 'error' : String(call)])
    }
    for (const [, code = ''] of source.matchAll(/\bcode: '([a-z][a-z0-9-]+)',/g)) {
      add(found, code, ['error'])
    }
  }
  return found
}

function documented(): Severities {
  const found: Severities = new Map()
  const text = readFileSync(path.join('docs', 'diagnostics.md'), 'utf8')
  for (const [, code = '', severities = ''] of text.matchAll(
    /^\| `([a-z0-9-]+)` \| ([^|]+) \|/gm,
  )) {
    assert.ok(!found.has(code), `${code} has two rows`)
    add(found, code, severities.trim().split(', '))
  }
  return found
}

const sorted = (found: Severities) =>
  [...found].map(([code, severities]) => `${code}: ${[...severities].sort()}`).sort()

it('docs/diagnostics.md has every diagnostic of the checker with its severity, and no other', () => {
  assert.deepEqual(sorted(documented()), sorted(reported()))
})
