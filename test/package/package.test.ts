import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { blocksOf } from '../docs/blocks.js'

const execute = promisify(execFile)
const root = process.cwd()

const policy = {
  release: '01234567',
  product: 'package test',
  'schema-version': 1,
  retry: [],
  certs: [],
  trust_stores: [],
  s: [{ nowhere: { endpoint: 'localhost', port: 1, protocol: 'h1', http_method: 'GET' } }],
}

const useTheAddon = `
  .then(async ({ openContext }) => {
    const context = await openContext({ policy: ${JSON.stringify(policy)} })
    await context.close()
    console.log('opened and closed')
  })`

const consumer = `
import { type Context, openContext, type SecureStream, State } from 'lws-secure-streams'
import { checkPolicy, definePolicy } from 'lws-secure-streams/policy'
export const opened: Promise<Context> = openContext({ policy: '{}' })
export const state: 'CONNECTED' = State.CONNECTED
export const diagnostics: readonly unknown[] = checkPolicy('{}')
export type Stream = SecureStream
export const policy = definePolicy({ s: [{ a: { endpoint: 'e', metadata: [{ b: '' }] } }] })
export const openTyped = () => openContext({ policy })
export const typedStream = async () => (await openTyped()).stream('a', { metadata: { b: '' } })
`

async function run(command: string, args: string[], cwd: string): Promise<string> {
  // npm hands its own settings down, those of this project among them.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(config_local|package)_/.test(name)),
  )
  const { stdout } = await execute(command, args, { cwd, env }).catch((error) => {
    throw new Error(`${command} ${args.join(' ')}: ${error.stdout}${error.stderr}`)
  })
  return stdout
}

const node = (args: string[], cwd: string) => run(process.execPath, args, cwd)

describe('the packed tarball in an empty project', () => {
  let project = ''
  let installed = ''

  before(async () => {
    project = await mkdtemp(path.join(tmpdir(), 'lws-package-'))
    installed = path.join(project, 'node_modules', 'lws-secure-streams')
    const tarball = (await node(['scripts/pack.mjs'], root)).trim()
    await writeFile(path.join(project, 'package.json'), '{ "private": true }')
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
    await run('npm', ['install', '--ignore-scripts', ...quiet, tarball], project)
  })

  after(() => rm(project, { recursive: true, force: true }))

  it('has a prebuild and neither binding.gyp nor an install script', async () => {
    const manifest = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8'))
    for (const name of ['preinstall', 'install', 'postinstall']) {
      assert.equal(manifest.scripts[name], undefined)
    }
    const files = await readdir(installed)
    assert.ok(!files.includes('binding.gyp'))
    const platform = `${process.platform}-${process.arch}`
    assert.ok((await readdir(path.join(installed, 'prebuilds', platform))).length > 0)
  })

  it('has what a source build needs', async () => {
    const needed = [
      'CMakeLists.txt',
      'native',
      'scripts/build-native.mjs',
      'deps/libwebsockets/pin.json',
      'deps/libwebsockets/patches/series',
      'deps/libwebsockets/source/CMakeLists.txt',
    ]
    const files = new Set((await readdir(installed, { recursive: true })).map(String))
    assert.deepEqual(
      needed.filter((name) => !files.has(path.normalize(name))),
      [],
    )
  })

  it('has the examples that its documents link to', async () => {
    const folder = path.join(installed, 'docs')
    for (const name of await readdir(folder)) {
      const text = await readFile(path.join(folder, name), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\((\.\.\/examples\/[^)#]+)/g))
        assert.ok(existsSync(path.join(folder, target)), `${name} links to ${target}`)
    }
  })

  it('brings every script that its own build imports', async () => {
    const listing = "import('./scripts/build-native.mjs').then(() => console.log('imported'))"
    assert.match(await node(['-e', listing], installed), /imported/)
  })

  it('loads by require', async () => {
    const code = `Promise.resolve(require('lws-secure-streams'))${useTheAddon}`
    assert.match(await node(['-e', code], project), /opened and closed/)
  })

  it('loads by import', async () => {
    const code = `import('lws-secure-streams')${useTheAddon}`
    assert.match(await node(['--input-type=module', '-e', code], project), /opened and closed/)
  })

  it('has the command lws-ss, which finds the prebuild', async () => {
    const command = path.join(project, 'node_modules', '.bin', 'lws-ss')
    const { addon } = JSON.parse(await run(command, ['doctor', '--json'], project))
    assert.equal(addon.origin, 'prebuild')
  })

  it('offers the policy half without the addon, by require and by import', async () => {
    const code = (load: string) =>
      `${load}.then((policy) => console.log(typeof policy.checkPolicy, process.report.getReport().sharedObjects.filter((name) => name.includes('secure_streams')).length))`
    const required = code(`Promise.resolve(require('lws-secure-streams/policy'))`)
    const imported = code(`import('lws-secure-streams/policy')`)
    assert.match(await node(['-e', required], project), /^function 0$/m)
    assert.match(await node(['--input-type=module', '-e', imported], project), /^function 0$/m)
  })

  it('has types for CommonJS and for ES modules', async () => {
    const folder = path.join(project, 'types')
    await mkdir(folder)
    await writeFile(path.join(folder, 'consumer.cts'), consumer)
    await writeFile(path.join(folder, 'consumer.mts'), consumer)
    const compilerOptions = {
      module: 'node20',
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      exactOptionalPropertyTypes: true,
      declaration: true,
      noEmit: true,
      typeRoots: [path.join(root, 'node_modules', '@types')],
      types: ['node'],
    }
    await writeFile(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['.'] }),
    )
    await node([path.join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], root)
  })

  it('builds the addon in place as docs/building.md says', async () => {
    const blocks = blocksOf('sh').filter(
      // Its commands are run by bundling.test.ts.
      ({ way, document }) => way === undefined && !document.endsWith('bundling.md'),
    )
    assert.equal(blocks.length, 1, 'another block is not run: see docs/building.md')
    await rm(path.join(installed, 'prebuilds'), { recursive: true })
    await run('sh', ['-e', '-c', blocks[0]?.code ?? ''], project)
    const command = path.join(project, 'node_modules', '.bin', 'lws-ss')
    const { addon } = JSON.parse(await run(command, ['doctor', '--json'], project))
    assert.equal(addon.origin, 'local build')
    const code = `import('lws-secure-streams')${useTheAddon}`
    assert.match(await node(['--input-type=module', '-e', code], project), /opened and closed/)
  })
})
