// What hosts say that lack something. Bun and Deno themselves are run by `npm run test:hosts`.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { damagedAddons } from '../support/damaged-addons.js'
import { internal } from '../support/internals.js'
import { canReplaceFiles } from '../support/own-hosts.js'
import { type FixtureOptions, fixtureReports } from '../support/run-fixture.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const { nativeFile } = internal<{ nativeFile(): { file: string } }>('addon/native.js')
const addon = damagedAddons(nativeFile().file)
const node = `Node ${process.versions.node}`
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'
const onLinux = { skip: process.platform !== 'linux' && 'other systems say other things of a file' }

describe('a host that cannot run the addon', () => {
  const { put, file } = temporaryFolder()
  const folderOf = (name: string) => path.join(file(name), 'prebuilds')

  /** The environment in which this is the prebuild of the package. */
  function asPrebuild(name: string, bytes: Uint8Array, platform = 'linux-x64') {
    const prebuild = path.join(folderOf(name), platform, 'addon.node')
    mkdirSync(path.dirname(prebuild), { recursive: true })
    writeFileSync(prebuild, bytes)
    return { prebuild, env: { LWS_SECURE_STREAMS_PREBUILD: file(name) } }
  }

  const own = `${process.platform}-${process.arch}`
  const notChosen = { LWS_SECURE_STREAMS_ADDON: '' }

  async function load(options: FixtureOptions) {
    const env = { ...notChosen, ...options.env }
    const [first, ...others] = await fixtureReports('loading', { ...options, env })
    assert.deepEqual(others, [])
    return first as { isLoadError?: boolean; code?: string; message: string; opened?: boolean }
  }

  async function refuses(options: FixtureOptions, ...parts: (string | RegExp)[]) {
    const { isLoadError, code, message } = await load(options)
    assert.deepEqual({ isLoadError, code }, { isLoadError: true, code: 'ERR_SS_ADDON_LOAD' })
    assert.doesNotMatch(message, /\n|\.$/)
    for (const part of parts)
      assert.ok(typeof part === 'string' ? message.includes(part) : part.test(message), message)
  }

  /** Has the process say this of itself. */
  function pretending(versions: Record<string, string | null>) {
    const name = Object.entries(versions).flat().join('-')
    const value = `{ ...process.versions, ...${JSON.stringify(versions)} }`
    const code = `const versions = ${value}
for (const name in versions) if (versions[name] === null) delete versions[name]
Object.defineProperty(process, 'versions', { value: versions })`
    return ['--require', put(`${name}.cjs`, code)]
  }

  for (const [name, versions] of Object.entries({
    'Electron 38.1.0': { electron: '38.1.0', openssl: '0.0.0' },
    'Bun 1.4.5': { bun: '1.4.5', openssl: '1.1.0' },
    'Deno 2.9.6': { deno: '2.9.6', openssl: '3.0.7+quic' },
  }))
    it(`says that ${name} cannot, and that Node can`, () =>
      refuses({ flags: pretending(versions) }, `${name} cannot run`, 'with Node 20.19 or later'))

  it('says that a Node without OpenSSL cannot', () =>
    refuses({ flags: pretending({ openssl: null }) }, `${node} was built without OpenSSL`))

  it('does not load a prebuild into a Node with another OpenSSL', () => {
    const { env } = asPrebuild('openssl', addon.whole, own)
    const flags = pretending({ openssl: '4.0.1' })
    const says = `${node} has OpenSSL 4.0.1, and the prebuilt addon is for OpenSSL 3:`
    return refuses({ flags, env }, says, 'npm run build:native')
  })

  it('loads what was built with that OpenSSL', async () =>
    assert.deepEqual(await load({ flags: pretending({ openssl: '4.0.1' }) }), { opened: true }))

  it('names --no-addons', () =>
    refuses({ flags: ['--no-addons'] }, `${node} runs with --no-addons`, 'start it without'))

  const everywhere = [permission, '--no-warnings', '--allow-fs-read=*']

  it('names --allow-addons, where Node runs with --permission', () =>
    refuses(
      { flags: everywhere },
      `${node} runs with --permission`,
      'start it with --allow-addons',
    ))

  it('runs with --permission and --allow-addons', async () => {
    const flags = [...everywhere, '--allow-addons']
    assert.deepEqual(await load({ flags }), { opened: true })
  })

  it('names the file that Node may not read, and runs when it may', onLinux, async () => {
    const flags = [permission, '--no-warnings', '--allow-addons']
    flags.push(`--allow-fs-read=${process.cwd()}/*`)
    await refuses({ flags }, '--allow-fs-read=/etc/alpine-release')
    flags.push('--allow-fs-read=/etc/alpine-release')
    assert.deepEqual(await load({ flags }), { opened: true })
  })

  it('names the system for which there is no prebuild', () => {
    const env = { LWS_SECURE_STREAMS_PREBUILD: file('nothing') }
    return refuses({ env }, `there is no addon for ${own}`, `(${node})`, 'npm run build:native')
  })

  it('names the setting of npm that asks for another processor', () => {
    const { env } = asPrebuild('setting', addon.whole, own)
    const remedy = 'unset the environment variable npm_config_arch, which says mips'
    return refuses({ env: { ...env, npm_config_arch: 'mips' } }, remedy)
  })

  it('names the setting of npm for which a prebuild was loaded', onLinux, () => {
    const { env, prebuild } = asPrebuild('foreign', addon.otherProcessor, 'linux-mips')
    const says = `${prebuild} is no addon for ${own}`
    const remedy = 'unset the environment variable npm_config_arch, which says mips'
    return refuses({ env: { ...env, npm_config_arch: 'mips' } }, says, remedy)
  })

  it('says that a file is for another system', onLinux, async () => {
    for (const bytes of [addon.otherProcessor, addon.otherSystem]) {
      const { env, prebuild } = asPrebuild('system', bytes, own)
      await refuses({ env }, `${prebuild} is no addon for ${own}`, 'npm run build:native')
    }
  })

  it('says that the C library is older than the one that the addon needs', onLinux, () => {
    const { env, prebuild } = asPrebuild('glibc', addon.newerGlibc, own)
    const says = new RegExp(`needs GLIBC_9[.\\d]+, which is newer .*${own} with glibc [.\\d]+`)
    return refuses({ env }, prebuild, says, 'npm run build:native')
  })

  it('names the symbol that Node lacks, when the addon is loaded', onLinux, () => {
    const { env, prebuild } = asPrebuild('symbol', addon.newerOpenssl, own)
    return refuses({ env }, `${node} lacks SSL_CTX_frey, which ${prebuild} uses`)
  })

  it('says that nothing is executed on a file system that is mounted with noexec', {
    skip: !canReplaceFiles() && 'file systems cannot be mounted here',
  }, () => {
    const { env, prebuild } = asPrebuild('noexec', addon.whole, own)
    const copy = put('whole.node', addon.whole)
    const folder = path.dirname(prebuild)
    const unshare = `unshare ${process.getuid?.() === 0 ? '-m' : '-rm'}`
    const mount = `mount -t tmpfs -o noexec tmpfs ${folder} && cp ${copy} ${prebuild}`
    const shell = `exec ${unshare} /bin/sh -c '${mount} && exec "$0" "$@"' "$0" "$@"`
    return refuses({ env, shell }, `the system does not let ${prebuild} be executed`, 'noexec')
  })

  it('names the variable that names no addon', async () => {
    const nowhere = file('nowhere.node')
    const unset = 'or unset it'
    await refuses({ env: { LWS_SECURE_STREAMS_ADDON: nowhere } }, `names ${nowhere}`, unset)
  })
})
