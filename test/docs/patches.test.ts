import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'

const patches = path.join('deps', 'libwebsockets', 'patches')

const series = readFileSync(path.join(patches, 'series'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

const headerOf = (patch: string) =>
  readFileSync(path.join(patches, patch), 'utf8').split('\n---\n')[0] ?? ''

describe('the patches of libwebsockets', () => {
  it('are in the series, in their headers and in README.md as they are', () => {
    const run = spawnSync(process.execPath, ['scripts/lws-patches.mjs', 'check'])
    assert.equal(run.status, 0, String(run.stderr))
  })

  it('name tests that there are, or say why there is none', () => {
    for (const patch of series) {
      const shownBy = /^Shown-by: (.*(?:\n .*)*)/m.exec(headerOf(patch))?.[1] ?? ''
      const files = shownBy.match(/\b(?:test|bench)\/[\w./-]*\w/g) ?? []
      assert.ok(files.length > 0 || shownBy.startsWith('no test ('), `${patch}: ${shownBy}`)
      for (const file of files) assert.ok(existsSync(file), `${patch} names ${file}`)
    }
  })
})
