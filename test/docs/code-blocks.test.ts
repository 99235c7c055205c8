import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { type Block, blockName, blocksFolder, blocksOf } from './blocks.js'

const folder = path.join(blocksFolder, 'javascript')
const surroundings = path.join(__dirname, 'surroundings.js')

const fileName = (block: Block) => `${blockName(block)}.${block.language === 'ts' ? 'mts' : 'mjs'}`

// What a document has introduced before, so that a later block need not do so again.
const introduced = `
declare global {
  const context: import('lws-secure-streams').Context
  const stream: import('lws-secure-streams').SecureStream
  const policy: import('lws-secure-streams').Policy
}
export {}
`

const compilerOptions = {
  module: 'node20',
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  noImplicitAny: false,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  rootDir: '.',
  outDir: 'out',
}

function compile(blocks: Block[]): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'introduced.d.ts'), introduced)
  const include = ['*.mts', '*.mjs', '*.d.ts']
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }))
  for (const block of blocks) {
    // The code keeps the line numbers that it has in its document, for the compiler's messages.
    writeFileSync(path.join(folder, fileName(block)), '\n'.repeat(block.line) + block.code)
  }
  const compiler = path.resolve('node_modules', 'typescript', 'bin', 'tsc')
  return spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' }).stdout
}

describe('the TypeScript and JavaScript in README.md and docs/', () => {
  const blocks = blocksOf('ts', 'js')

  it('has the right types', () => {
    const complaints = compile(blocks)
    assert.ok(complaints === '', `\n${complaints}`)
  })

  for (const block of blocks.filter(({ way }) => way !== 'swap'))
    it(`${block.document}:${block.line} runs`, () => {
      assert.ok(block.way, 'its fence does not say how it is run: see docs/building.md')
      const compiled = path.join(folder, 'out', fileName(block).replace(/mts$/, 'mjs'))
      const args = block.way === 'use' ? [surroundings, compiled] : [compiled]
      const result = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
      assert.equal(result.status, 0, result.stderr)
    })
})
