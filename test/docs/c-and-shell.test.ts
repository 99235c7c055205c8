import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { checkPolicy } from 'lws-secure-streams/policy'
import { type Block, blockName, blocksFolder, blocksOf } from './blocks.js'

const folder = path.join(blocksFolder, 'c-and-shell')
const surroundings = path.join(__dirname, 'surroundings.js')

// What the C in docs/from-c.md includes: a policy as C programs have it.
const POLICY_H = `
static const char * const default_ss_policy =
	"{"
	  "\\"retry\\": [{\\"default\\": {\\"backoff\\": [1000], \\"conceal\\": 2}}],"
#if defined(NOT_DEFINED)
	  "this is not JSON"
#endif
	  "\\"s\\": [{\\"weather\\": {"
		"\\"endpoint\\": \\"weather.example.com\\", \\"port\\": 80,"
		"\\"protocol\\": \\"h1\\", \\"http_method\\": \\"GET\\", \\"retry\\": \\"default\\""
	  "}}]"
	"}";
`

// Those of the build, with what it is configured to have.
const HEADERS = ['build/native/libwebsockets/include', 'deps/libwebsockets/source/include'].map(
  (name) => `-I${path.resolve(name)}`,
)

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, stderr)
  return stdout
}

describe('the C and the commands in README.md and docs/', () => {
  before(() => mkdirSync(folder, { recursive: true }))

  const inC = blocksOf('c')
  const isProgram = ({ code }: Block) => code.includes('int main(')

  for (const block of inC.filter(isProgram))
    it(`${block.document}:${block.line} prints a policy`, () => {
      const program = path.join(folder, blockName(block))
      writeFileSync(path.join(folder, 'policy.h'), POLICY_H)
      writeFileSync(`${program}.c`, block.code)
      run('cc', '-Wall', '-Wextra', '-Werror', '-o', program, `${program}.c`)
      assert.deepEqual(checkPolicy(run(program)), [])
    })

  for (const block of inC.filter((block) => !isProgram(block)))
    it(`${block.document}:${block.line} is what libwebsockets understands`, () => {
      const file = path.join(folder, `${blockName(block)}.c`)
      writeFileSync(file, `#include <libwebsockets.h>\n${block.code}`)
      run('cc', '-fsyntax-only', '-Wall', '-Wno-unused', '-Werror', ...HEADERS, file)
    })

  for (const block of blocksOf('sh').filter(({ way }) => way))
    it(`${block.document}:${block.line} runs`, () => {
      const file = path.join(folder, `${blockName(block)}.sh`)
      writeFileSync(file, block.code)
      run(process.execPath, surroundings, file)
    })
})

describe('the policies in README.md and docs/', () => {
  for (const block of blocksOf('json'))
    it(`${block.document}:${block.line} is one`, () => {
      const errors = checkPolicy(block.code).filter(({ severity }) => severity === 'error')
      // Certificates are cut short.
      const unexpected = errors.filter(({ path }) => !path.startsWith('certs['))
      assert.deepEqual(unexpected, [])
    })

  for (const block of blocksOf('json', 'js', 'ts'))
    it(`${block.document}:${block.line} writes an http_url as docs/first-policy.md says`, () => {
      assert.doesNotMatch(block.code, /http_url['"]?: ['"]\/./)
    })
})
