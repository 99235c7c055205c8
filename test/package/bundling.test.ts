/** The commands of docs/bundling.md, with the bundlers of npm, on the tarball that npm would install. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { blocksOf } from '../docs/blocks.js'

const execute = promisify(execFile)

const BUNDLERS = [
  '@rollup/plugin-commonjs@29.0.3',
  '@rollup/plugin-json@6.1.0',
  '@rollup/plugin-node-resolve@16.0.3',
  '@vercel/ncc@0.45.0',
  'esbuild@0.28.2',
  'node-loader@2.1.0',
  'postject@1.0.0-alpha.6',
  'rollup@4.68.8',
  'webpack@5.113.0',
  'webpack-cli@7.3.1',
]

// It asks a server of its own, with the policy as text, so that all parts of the library are used.
const program = (name: string) => `
import { createServer } from 'node:http'
import { AddonLoadError, openContext } from '${name}'
const server = createServer((_, response) => response.setHeader('set-cookie', 'a=b').end('hello'))
server.listen(0, '127.0.0.1', async () => {
  const it = { endpoint: '127.0.0.1', port: server.address().port, http_url: '', http_cookies: true }
  const policy = '// text\\n' + JSON.stringify({ s: [{ it }] })
  try {
    const context = await openContext({ policy })
    const reply = await context.request('it')
    const stream = context.stream('it')
    stream.destroy()
    const { name } = await stream.connect().catch((error) => error)
    console.log(reply.status, await reply.text(), name)
    await context.close()
  } catch (error) {
    console.log(error instanceof AddonLoadError, error.name, error.message)
  }
  server.close()
})
`

const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64'

describe('docs/bundling.md', { skip: !isLinuxX64 && 'its commands are for linux-x64' }, () => {
  let project = ''
  let elsewhere = ''

  async function run(command: string, args: string[], cwd: string) {
    // npm hands its own settings down, those of this project among them.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^npm_(config_local|package)_/.test(name)),
    )
    const { stdout } = await execute(command, args, { cwd, env }).catch((error) => {
      throw new Error(`${command} ${args.join(' ')}: ${error.stdout}${error.stderr}`.slice(0, 2000))
    })
    return stdout
  }

  before(async () => {
    project = await mkdtemp(path.join(tmpdir(), 'lws-bundling-'))
    elsewhere = await mkdtemp(path.join(tmpdir(), 'lws-bundled-'))
    const packed = await run(process.execPath, ['scripts/pack.mjs'], process.cwd())
    await writeFile(path.join(project, 'package.json'), '{ "private": true }')
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
    // The one of esbuild has to run.
    const args = ['install', '--ignore-scripts=false', ...quiet, packed.trim(), ...BUNDLERS]
    await run('npm', args, project)
    for (const [file, name] of [
      ['app.mjs', 'lws-secure-streams'],
      ['app-linux-x64.mjs', 'lws-secure-streams/linux-x64'],
    ] as const)
      await writeFile(path.join(project, file), program(name))
  })

  after(async () => {
    for (const folder of [project, elsewhere]) await rm(folder, { recursive: true, force: true })
  })

  /** Runs what a command has put into the folder, which is nowhere near the project. */
  async function runIn(folder: string): Promise<string> {
    const names = await readdir(folder)
    const bundle = names.find((name) => /^(app|index)(\.[cm]?js)?$/.test(name)) as string
    const file = path.join(folder, bundle)
    return path.extname(file) === '' ? run(file, [], '/') : run(process.execPath, [file], '/')
  }

  const blocks = blocksOf('sh').filter(({ document }) => document.endsWith('bundling.md'))
  for (const { line, code } of blocks)
    it(`${line}: ${code.split(/ --|\n/, 1)[0]}`, async () => {
      await rm(path.join(project, 'dist'), { recursive: true, force: true })
      await run('sh', ['-e', '-c', code], project)
      const moved = path.join(elsewhere, `at-${line}`)
      await cp(path.join(project, 'dist'), moved, { recursive: true })
      assert.equal(await runIn(moved), '200 hello DestroyedError\n')
      if (!code.includes('prebuilds')) return
      await rm(path.join(moved, 'prebuilds'), { recursive: true })
      const said = await runIn(moved)
      assert.match(
        said,
        /^true AddonLoadError this program is a bundle, and its addon for linux-x64/,
      )
      assert.ok(said.includes(path.join(moved, 'prebuilds')), said)
      // Where the package is installed, it is found there.
      await cp(moved, path.join(project, 'dist'), { recursive: true })
      await rm(path.join(project, 'dist', 'prebuilds'), { recursive: true })
      assert.equal(await runIn(path.join(project, 'dist')), '200 hello DestroyedError\n')
    })

  it('has a subpath for each prebuild', async () => {
    const { TARGETS, prebuildFile } = await import(path.resolve('scripts/prebuild/targets.mjs'))
    const wanted = Object.values(TARGETS).map((target) =>
      path.relative(process.cwd(), prebuildFile(target)),
    )
    const { exports } = JSON.parse(await run('cat', ['package.json'], process.cwd()))
    const named = await Promise.all(
      Object.entries(exports as Record<string, string>)
        .filter(([, file]) => String(file).startsWith('./dist/platforms/'))
        .map(async ([name, file]) => {
          const code = await run('cat', [file], process.cwd())
          assert.ok(code.includes(`useAddon)('${name.slice(2)}',`))
          return /require\('..\/..\/(.*?)'\)/.exec(code)?.[1]
        }),
    )
    assert.deepEqual(named.sort(), wanted.sort())
  })

  it('says of the addon of another platform what to import', async () => {
    const code =
      "const { openContext } = require('lws-secure-streams/darwin-arm64'); openContext({ policy: { s: [] } })"
    const said = await run(
      process.execPath,
      ['-e', `${code}.catch((error) => console.log(error.message))`],
      project,
    )
    assert.match(said, /lws-secure-streams\/darwin-arm64/)
    assert.match(said, /docs\/bundling\.md|where the package is installed/)
  })
})
