import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'

const root = process.cwd()
const folder = path.join(root, 'build', 'docs')
const surroundings = path.join(__dirname, 'surroundings.js')

interface Block {
  document: string
  line: number
  extension: 'mts' | 'mjs'
  /** As a program of its own, or with what the documents introduce. */
  way: 'run' | 'use' | undefined
  code: string
}

/** The blocks of a document that are TypeScript or JavaScript. See docs/building.md. */
function blocksIn(document: string): Block[] {
  const text = readFileSync(path.join(root, document), 'utf8')
  const fences = text.matchAll(/^```(ts|js)\b([^\n]*)\n(.*?)^```$/gms)
  return Array.from(fences, ([, language, info = '', code = ''], index) => {
    const fence = [...text.matchAll(/^```(ts|js)\b/gm)][index]
    const line = text.slice(0, fence?.index).split('\n').length
    const extension = language === 'ts' ? ('mts' as const) : ('mjs' as const)
    const way = /\b(run|use)\b/.exec(info)?.[1] as Block['way']
    return { document, line, extension, way, code }
  })
}

function documents(): string[] {
  const docs = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', ...docs.map((name) => path.join('docs', name))].filter((name) =>
    existsSync(path.join(root, name)),
  )
}

const fileName = ({ document, line, extension }: Block) =>
  `${document.replace(/\W+/g, '-')}-line-${line}.${extension}`

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
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  return spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' }).stdout
}

describe('the code in README.md and docs/', () => {
  const blocks = documents().flatMap(blocksIn)

  it('has the right types', { skip: blocks.length === 0 }, () => {
    const complaints = compile(blocks)
    assert.ok(complaints === '', `\n${complaints}`)
  })

  for (const block of blocks)
    it(`${block.document}:${block.line} runs`, () => {
      assert.ok(block.way, 'its fence does not say how it is run: see docs/building.md')
      const compiled = path.join(folder, 'out', fileName(block).replace(/mts$/, 'mjs'))
      const args = block.way === 'use' ? [surroundings, compiled] : [compiled]
      const result = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
      assert.equal(result.status, 0, result.stderr)
    })
})
