import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'

const folder = path.join('deps', 'libwebsockets')
const patches = path.join(folder, 'patches')
const read = (...names: string[]) => readFileSync(path.join(...names), 'utf8')

const series = read(patches, 'series')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

describe('the patches of libwebsockets', () => {
  it('are all in the series', () => {
    const files = readdirSync(patches).filter((name) => name !== 'series')
    assert.deepEqual(files.sort(), [...series].sort())
  })

  it('have a row each in deps/libwebsockets/README.md, with the test that the patch names', () => {
    const rows = read(folder, 'README.md').matchAll(
      /^\| `(\d{4}-\S+)` \|[^|]*\| `([^`]+)`[^|]*\|$/gm,
    )
    const wanted = series.map((name) => [
      name,
      /^ Shown by: `?([^`,\n]+?)(?:[`,]| \(|$)/m.exec(read(patches, name))?.[1] ?? 'no test named',
    ])
    assert.deepEqual(
      Array.from(rows, ([, name, test]) => [name, test]),
      wanted,
    )
  })
})
