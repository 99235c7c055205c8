import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'

const { engines } = JSON.parse(readFileSync('package.json', 'utf8'))
const oldest = engines.node.replace('>=', '')

for (const [document, says] of [
  ['README.md', `every Node from ${oldest} on`],
  [path.join('docs', 'building.md'), `Node ${oldest} or later`],
] as const)
  it(`${document} names the oldest Node.js that package.json does`, () => {
    assert.ok(readFileSync(document, 'utf8').includes(says))
  })
