import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { makeProject, put, temporaryFolder } from './project.js'

const script = (name: string) => import(pathToFileURL(`scripts/${name}`).href)
const onLinux = { skip: process.platform !== 'linux' }
const ofOthers = (platform: string) =>
  `node_modules/bufferutil/prebuilds/${platform}/bufferutil.node`

/** Compiles C to a shared library. */
function compile(folder: string, name: string, code: string, args: string[] = []): string {
  const file = path.join(folder, name)
  put(folder, { [`${name}.c`]: code })
  const common = ['-shared', '-fPIC', '-nostdlib', '-o', file, `${file}.c`]
  execFileSync('cc', [...common, ...args], { stdio: 'pipe' })
  return file
}

describe('what a prebuild takes from elsewhere', onLinux, () => {
  let addon = ''
  let host = ''

  before(() => {
    const folder = temporaryFolder()
    host = compile(folder, 'host.so', 'void here(void) {}')
    const versions = path.join(folder, 'versions')
    put(folder, { versions: 'GLIBC_2.5 { global: old; };\nGLIBC_2.99 { global: brand_new; };\n' })
    const code = 'void old(void) {}\nvoid brand_new(void) {}'
    const script = `-Wl,--version-script=${versions}`
    const libc = compile(folder, 'libc.so.6', code, ['-Wl,-soname,libc.so.6', script])
    const calls = ['here', 'gone', 'old', 'brand_new', 'perhaps']
    const declared = calls.map((name) => `void ${name}(void);`).join('\n')
    const weak = '__attribute__((weak)) void perhaps(void);'
    const body = calls.map((name) => `${name}();`).join(' ')
    const using = `${declared}\n${weak}\nvoid use(void) { ${body} }`
    addon = compile(folder, 'addon.so', using, ['-Wl,--no-as-needed', libc])
  })

  it('is read from ELF: symbols, versions and libraries', async () => {
    const { needsOf, exportsOf } = await script('prebuild/binaries.mjs')
    const { symbols, versions, libraries } = needsOf(addon, 'linux')
    assert.deepEqual(symbols.sort(), ['gone', 'here'])
    assert.deepEqual(versions, [
      { symbol: 'brand_new', version: 'GLIBC_2.99' },
      { symbol: 'old', version: 'GLIBC_2.5' },
    ])
    assert.deepEqual(libraries, ['libc.so.6'])
    assert.ok(exportsOf(host, 'linux').has('here'))
    assert.ok(!exportsOf(addon, 'linux').has('here'))
  })

  for (const platform of ['win32-x64', 'darwin-arm64', 'linux-x64']) {
    it(`is read from an addon of others for ${platform}`, async () => {
      const { needsOf } = await script('prebuild/binaries.mjs')
      const { symbols, libraries } = needsOf(ofOthers(platform), platform.split('-')[0])
      assert.deepEqual(symbols.sort(), [
        'napi_create_function',
        'napi_get_buffer_info',
        'napi_get_cb_info',
        'napi_get_value_int64',
        'napi_module_register',
        'napi_set_named_property',
      ])
      assert.ok(libraries.length > 0)
    })
  }

  it('stops with the name of a symbol that the host lacks', async () => {
    const { needsOf, exportsOf } = await script('prebuild/binaries.mjs')
    const { checkSymbols } = await script('prebuild/checks.mjs')
    const { symbols } = needsOf(addon, 'linux')
    const hosts = [['node-of-old', exportsOf(host, 'linux')]]
    assert.throws(() => checkSymbols('linux-x64-glibc', symbols, hosts), {
      message: 'linux-x64-glibc needs gone, which node-of-old lacks',
    })
    checkSymbols('linux-x64-glibc', ['here'], hosts)
  })

  it('stops with the name of a symbol that the oldest systems do not have yet', async () => {
    const { needsOf } = await script('prebuild/binaries.mjs')
    const { checkVersions } = await script('prebuild/checks.mjs')
    assert.throws(() => checkVersions('linux-x64-glibc', needsOf(addon, 'linux').versions), {
      message:
        'linux-x64-glibc needs brand_new of GLIBC_2.99, but the oldest supported systems have GLIBC_2.28',
    })
  })

  it('is measured by numbers, not by letters', async () => {
    const { checkVersions } = await script('prebuild/checks.mjs')
    const needing = (...versions: string[]) => versions.map((version) => ({ symbol: 's', version }))
    assert.equal(checkVersions('p', needing('GLIBC_2.9', 'GLIBC_2.17', 'GLIBC_2.2.5')), '2.17')
    assert.equal(checkVersions('p', needing('GLIBCXX_3.4.25')), undefined)
    assert.throws(
      () => checkVersions('p', needing('GLIBCXX_3.4.26')),
      /needs s of GLIBCXX_3\.4\.26/,
    )
    assert.throws(() => checkVersions('p', needing('OPENSSL_3.0.0')), /but none has it/)
  })

  it('stops at a library that a system may lack', async () => {
    const { checkLibraries } = await script('prebuild/checks.mjs')
    checkLibraries('p', ['libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2'], 'glibc')
    assert.throws(() => checkLibraries('p', ['libssl.so.3'], 'glibc'), /p needs libssl\.so\.3/)
    assert.throws(() => checkLibraries('p', ['libwinpthread-1.dll'], 'win32'), /may lack/)
  })
})

describe('npm run prebuild', () => {
  const run = (project: string, args: string[]) =>
    spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' })

  it('lists the targets when there is none of that name', () => {
    const { project } = makeProject()
    const { status, stderr } = run(project, ['scripts/prebuild.mjs', '--target', 'nonsense'])
    assert.equal(status, 1)
    assert.equal(
      stderr,
      'lws-secure-streams: there is no prebuild nonsense; there are linux-x64-glibc, linux-x64-musl, ' +
        'linux-arm64-glibc, linux-arm64-musl, linux-armv7-glibc, darwin-arm64, darwin-x64, win32-x64, win32-arm64\n',
    )
  })

  it('takes one of --all, --target and --native', () => {
    const { project } = makeProject()
    const { status, stderr } = run(project, ['scripts/prebuild.mjs', '--all', '--native'])
    assert.equal(status, 1)
    assert.match(stderr, /--all, --target and --native exclude each other\n$/)
  })

  it('leaves the others beside the one that it makes, and that one whole for who has it loaded', () => {
    const { project } = makeProject()
    put(project, { addon: 'first' })
    const place = (target: string, text: string) => {
      put(project, { addon: text })
      const code = `
        const { putPrebuild } = await import('./scripts/prebuild/place.mjs')
        const { findTarget } = await import('./scripts/prebuild/targets.mjs')
        putPrebuild('${target}', findTarget('${target}'), 'addon', 'state')`
      const { status, stderr } = run(project, ['--input-type=module', '-e', code])
      assert.equal(status, 0, stderr)
    }
    const glibc = path.join(project, 'prebuilds/linux-x64/lws-secure-streams.glibc.node')
    place('linux-x64-glibc', 'of glibc')
    const { ino } = statSync(glibc)
    place('linux-x64-musl', 'of musl')
    place('linux-armv7-glibc', 'of armv7')
    assert.equal(statSync(glibc).ino, ino)
    assert.equal(readFileSync(glibc, 'utf8'), 'of glibc')
    place('linux-x64-glibc', 'of glibc, again')
    assert.notEqual(statSync(glibc).ino, ino)
    assert.deepEqual(readdirSync(path.join(project, 'prebuilds'), { recursive: true }).sort(), [
      'linux-arm',
      'linux-arm/lws-secure-streams.armv7.glibc.node',
      'linux-x64',
      'linux-x64/lws-secure-streams.glibc.node',
      'linux-x64/lws-secure-streams.musl.node',
    ])
  })
})

describe('scripts/pinned-packages.mjs', () => {
  const name = '@somebody/tool@1.2.3'
  let tarball = ''
  let npm = ''

  before(() => {
    const folder = temporaryFolder()
    put(folder, { 'package/tool': 'a tool\n' })
    tarball = path.join(folder, 'tool.tar')
    execFileSync('tar', ['-czf', tarball, '-C', folder, 'package'])
    npm = path.join(folder, 'npm-cli.js')
    const copy = `require('fs').copyFileSync('${tarball}', process.argv[process.argv.indexOf('--pack-destination') + 1] + '/tool.tgz')`
    put(folder, { 'npm-cli.js': copy })
  })

  function ensure(where: string, integrity: string) {
    const { project } = makeProject()
    const code = `
      const { ensurePackage } = await import('./scripts/pinned-packages.mjs')
      const { main } = await import('./scripts/console.mjs')
      await main(() => {
        console.log(ensurePackage('${name}', { where: '${where}', pins: { '${name}': '${integrity}' } }))
      })`
    const env = { ...process.env, npm_execpath: npm }
    const options = { cwd: project, encoding: 'utf8', env } as const
    return spawnSync(process.execPath, ['--input-type=module', '-e', code], options)
  }

  it('fetches what has the right hash', () => {
    const where = path.join(temporaryFolder(), 'tools')
    const hash = createHash('sha512').update(readFileSync(tarball)).digest('base64')
    const { stdout, stderr } = ensure(where, `sha512-${hash}`)
    assert.equal(stderr, `lws-secure-streams: fetching ${name}\n`)
    assert.equal(readFileSync(path.join(stdout.trim(), 'tool'), 'utf8'), 'a tool\n')
    assert.equal(ensure(where, `sha512-${hash}`).stderr, '')
  })

  it('refuses another hash, and leaves nothing', () => {
    const where = temporaryFolder()
    const { status, stderr } = ensure(where, 'sha512-other')
    assert.equal(status, 1)
    assert.match(stderr, /@somebody\/tool@1\.2\.3 has the hash sha512-\S+, not sha512-other\n$/)
    assert.deepEqual(readdirSync(where), [])
  })

  it('has a hash for each Node that a prebuild is compared with', async () => {
    const { TARGETS } = await script('prebuild/targets.mjs')
    const pins = JSON.parse(readFileSync('scripts/pinned-packages.json', 'utf8'))
    for (const { nodes } of Object.values<{ nodes: string[] }>(TARGETS)) {
      for (const node of nodes) assert.match(pins[node] ?? '', /^sha512-/)
    }
  })
})
