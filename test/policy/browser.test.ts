import assert from 'node:assert/strict'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'
import vm from 'node:vm'
import { build } from 'esbuild'
import { goodPolicy } from './helpers.js'

/** What a browser has besides the language itself, and the library uses. */
const BROWSER = { TextEncoder, TextDecoder, atob }

async function bundle() {
  const { outputFiles, metafile, errors } = await build({
    entryPoints: [path.resolve('dist', 'policy', 'index.mjs')],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'library',
    logLevel: 'silent',
  })
  assert.deepEqual(errors, [])
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
  return { code: outputFiles[0]?.text ?? '', imports, inputs: Object.keys(metafile.inputs) }
}

test('lws-secure-streams/policy runs in a browser', async () => {
  const { code, imports, inputs } = await bundle()
  assert.deepEqual(imports, [])
  assert.deepEqual(
    inputs.filter((name) => name.startsWith('node:') || builtinModules.includes(name)),
    [],
  )
  const context = vm.createContext({ ...BROWSER, policy: JSON.stringify(goodPolicy()) })
  vm.runInContext(code, context)
  const run = (expression: string): string => vm.runInContext(expression, context)
  assert.equal(run('JSON.stringify(library.checkPolicy(policy))'), '[]')
  assert.equal(run('library.checkPolicy("{")[0].code'), 'unexpected-end')
  assert.equal(run('library.normalizePolicy(policy).s.length'), 3)
  assert.match(run('library.policyToC(policy)'), /_ss_static_policy_entry/)
  assert.equal(
    run('try { library.overlayPolicy(policy, "[]") } catch (error) { error.code }'),
    'ERR_SS_POLICY',
  )
})
