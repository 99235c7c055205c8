import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

describe('the site that `npm run docs` makes', () => {
  it('has every guide, each once', () => {
    const { projectDocuments } = JSON.parse(readFileSync('typedoc.json', 'utf8'))
    const guides = readdirSync('docs').filter((name) => name.endsWith('.md'))
    assert.deepEqual([...projectDocuments].sort(), guides.map((name) => `docs/${name}`).sort())
  })

  it('is described in the README by the same guides', () => {
    const readme = readFileSync('README.md', 'utf8')
    const missing = readdirSync('docs').filter(
      (name) => name.endsWith('.md') && !readme.includes(`](docs/${name}`),
    )
    assert.deepEqual(missing, [])
  })
})
