import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { makeProject, programs } from './project.js'

/** A system that has these programs and headers, and says this. */
interface System {
  platform: string
  arch: string
  env: Record<string, string>
  osRelease: string
  which(name: string): string | undefined
  capture(program: string, args: string[]): { ok: boolean; stdout: string; stderr: string }
  exists(file: string): boolean
}

interface Scripts {
  buildTools(system: System): string[]
  requireTools(names: string[], system: System): void
  configureArguments(kind: string, source: string, headers: string, system: System): string[]
}

interface Fake {
  platform?: string
  osRelease?: string
  programs?: string[]
  headers?: string[]
  /** What programs print that are run; the others fail. */
  prints?: Record<string, string>
}

function systemOf({ platform = 'linux', osRelease = '', ...has }: Fake): System {
  const cmake = { cmake: 'cmake version 3.16.3' }
  const prints: Record<string, string> = { ...cmake, ...has.prints }
  return {
    platform,
    arch: 'x64',
    env: {},
    osRelease,
    which: (name) => (has.programs?.includes(name) ? `/bin/${name}` : undefined),
    exists: (file) => has.headers?.includes(file) ?? false,
    capture(program) {
      const [stdout] = Object.entries(prints).flatMap(([name, text]) =>
        program.endsWith(name) ? text : [],
      )
      return { ok: stdout !== undefined, stdout: stdout ?? '', stderr: '' }
    },
  }
}

const importScript = (name: string) => import(pathToFileURL(path.join('scripts', name)).href)

describe('what it takes to build', () => {
  let scripts: Scripts
  before(async () => {
    const { buildTools, requireTools } = await importScript('prerequisites.mjs')
    const { configureArguments } = await importScript('build-native.mjs')
    scripts = { buildTools, requireTools, configureArguments }
  })

  /** What is said of a system where something is missing; `undefined` where nothing is. */
  function said(fake: Fake): string | undefined {
    const system = systemOf(fake)
    try {
      scripts.requireTools(scripts.buildTools(system), system)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  const all = 'cmake, a C compiler, a C++ compiler, and make or ninja are missing'
  for (const [osRelease, remedy] of [
    ['ID=debian', 'apt-get install cmake gcc g++ make'],
    ['ID=ubuntu\nID_LIKE=debian', 'apt-get install cmake gcc g++ make'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'apt-get install cmake gcc g++ make'],
    ['ID=fedora', 'dnf install cmake gcc gcc-c++ make'],
    ['ID="rhel"\nID_LIKE="fedora"', 'dnf install cmake gcc gcc-c++ make'],
    ['ID="almalinux"\nID_LIKE="rhel centos fedora"', 'dnf install cmake gcc gcc-c++ make'],
    ['ID=arch', 'pacman -S cmake gcc make'],
    ['ID="opensuse-leap"\nID_LIKE="suse opensuse"', 'zypper install cmake gcc gcc-c++ make'],
    ['ID=nixos', 'install cmake gcc g++ make with your package manager'],
    ['', 'install cmake gcc g++ make with your package manager'],
  ] as const)
    it(`is named on a Linux that says ${JSON.stringify(osRelease)}`, () =>
      assert.equal(said({ osRelease }), `${all}: ${remedy}`))

  const alpine = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.0'
  const needed = ['cmake', 'cc', 'g++', 'make']

  it('is named on Alpine', () =>
    assert.equal(
      said({ osRelease: alpine }),
      'cmake, a C compiler, a C++ compiler, make or ninja, and the headers of Linux are missing: apk add cmake build-base linux-headers',
    ))

  it('is the headers of Linux on Alpine, too', () => {
    assert.equal(
      said({ osRelease: alpine, programs: needed }),
      'the headers of Linux are missing: apk add linux-headers',
    )
    const headers = ['/usr/include/linux/if_packet.h']
    assert.equal(said({ osRelease: alpine, programs: needed, headers }), undefined)
  })

  it('is there', () => assert.equal(said({ osRelease: 'ID=debian', programs: needed }), undefined))

  it('is a CMake that is new enough', () => {
    const prints = { cmake: 'cmake version 3.10.2' }
    assert.equal(said({ programs: needed, prints }), 'cmake 3.16 or later is needed, this is 3.10')
  })

  it("is Xcode's tools on macOS, where their names are there without them", () => {
    assert.equal(
      said({ platform: 'darwin', programs: needed }),
      'a C compiler, a C++ compiler, and make or ninja are missing: xcode-select --install',
    )
    const prints = { 'xcode-select': '/Library/Developer/CommandLineTools' }
    assert.equal(said({ platform: 'darwin', programs: needed, prints }), undefined)
    assert.equal(
      said({ platform: 'darwin', programs: needed.slice(1), prints }),
      'cmake is missing: brew install cmake',
    )
  })

  it('is the workload of Visual Studio on Windows', () => {
    assert.equal(
      said({ platform: 'win32' }),
      'cmake and a C++ compiler are missing: winget install Kitware.CMake; install Visual Studio 2022, or its Build Tools, with the workload "Desktop development with C++"',
    )
    const prints = {
      'vswhere.exe': 'C:\\Program Files\\Microsoft Visual Studio\\2022\\Community\r\n',
    }
    assert.equal(said({ platform: 'win32', programs: ['cmake'], prints }), undefined)
    assert.equal(said({ platform: 'win32', programs: ['cmake', 'cl'] }), undefined)
  })

  describe('on Windows', () => {
    const configured = (...programs: string[]) => {
      const system = systemOf({ platform: 'win32', programs })
      return scripts.configureArguments('release', 'SOURCE', 'HEADERS', system)
    }

    it('takes Ninja where its compiler is on the PATH, and Visual Studio elsewhere', () => {
      assert.deepEqual(configured('ninja', 'cl').slice(0, 2), ['-G', 'Ninja'])
      for (const without of [configured('ninja'), configured('cl')])
        assert.ok(!without.includes('-G'))
    })

    it('has the product in one folder with either, which an expression does', () => {
      const folder = path.resolve('build', 'Release').split(path.sep).join('/')
      assert.ok(configured().includes(`--CDCMAKE_LIBRARY_OUTPUT_DIRECTORY=$<1:${folder}>`))
    })
  })

  describe('is said in one line', () => {
    const run = (bin: string, script: string, cwd = process.cwd()) =>
      spawnSync(process.execPath, [script], { encoding: 'utf8', cwd, env: { PATH: bin } })

    it('by the script', async () => {
      const { TEST_TOOLS } = await importScript('prerequisites.mjs')
      const names = ['cc', 'g++', 'make', 'tar', 'patch', 'xcode-select', ...TEST_TOOLS]
      const { status, stderr } = run(programs(...names), 'scripts/prerequisites.mjs')
      assert.equal(status, 1)
      assert.match(stderr, /^lws-secure-streams: cmake is missing: [^\n]+\n$/)
    })

    it('by the build, before anything is fetched', () => {
      const { project } = makeProject()
      const { status, stderr } = run(programs('cmake'), 'scripts/build-native.mjs', project)
      assert.equal(status, 1)
      assert.match(stderr, /^lws-secure-streams: a C[^\n]+ are missing: [^\n]+\n$/)
    })
  })
})
