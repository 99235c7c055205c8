import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { internal } from '../../support/internals.js'

interface Host {
  versions: Record<string, string>
  platform: string
  arch: string
  libc: string | undefined
  permission?: { has(scope: string, file?: string): boolean }
  env: Record<string, string>
}

interface Attempt {
  file: string
  origin: string
  build: string
}

const { loadFault } = internal<{
  loadFault(error: unknown, attempt: Attempt, host: Host): string
}>('addon/load-fault.js')
const { OLDEST_NODE } = internal<{ OLDEST_NODE: string }>('addon/host.js')

const file =
  '/app/node_modules/lws-secure-streams/prebuilds/linux-x64/lws-secure-streams.glibc.node'
const attempt = { file, origin: 'prebuild', build: 'BUILD' }
const host: Host = {
  versions: { node: '24.1.0', openssl: '3.5.0' },
  platform: 'linux',
  arch: 'x64',
  libc: 'glibc 2.28',
  env: {},
}

const failed = (message: string) => Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' })

/** What is said in one system, where the loader says that. */
const said = (message: string, changes: Partial<Host> = {}, changed: Partial<Attempt> = {}) =>
  loadFault(failed(message), { ...attempt, ...changed }, { ...host, ...changes })

const lackingSymbol = (symbol: string, where = file) =>
  `Node 24.1.0 lacks ${symbol}, which ${where} uses, so they were built with different releases of OpenSSL or libuv: ` +
  'run the program with a Node of nodejs.org, or build the addon for this system: BUILD'

describe('the sentence about an addon that does not load', () => {
  const mac = { platform: 'darwin', arch: 'arm64', libc: undefined }
  const windows = { platform: 'win32', arch: 'arm64', libc: undefined }
  const musl = { libc: 'musl' }
  const untagged = { file: '/app/addon.node' }

  for (const [subject, message, says] of [
    [
      'a libstdc++ that is too old',
      said(`/lib64/libstdc++.so.6: version \`GLIBCXX_3.4.29' not found (required by ${file})`),
      `${file} needs GLIBCXX_3.4.29, which is newer than what this system has (linux-x64 with glibc 2.28): build the addon for this system: BUILD`,
    ],
    [
      "glibc's addon in a system of musl",
      said(`Error relocating ${file}: __memcpy_chk: symbol not found`, musl),
      `${file} is for glibc, and this system is linux-x64 with musl: build the addon for this system: BUILD`,
    ],
    [
      'musl, for which there is no prebuild',
      said('No native build was found for platform=linux arch=x64\n    loaded from: /app', musl, {
        file: '/app/prebuilds',
      }),
      'there is no addon for linux-x64 with musl (Node 24.1.0) in /app/prebuilds: build the addon for this system: BUILD',
    ],
    [
      'a symbol that musl does not find',
      said('Error relocating /app/addon.node: uv_x: symbol not found', musl, untagged),
      lackingSymbol('uv_x', '/app/addon.node'),
    ],
    [
      'a symbol that macOS does not find',
      said(
        "dlopen(/app/addon.node, 0x0001): symbol not found in flat namespace '_SSL_new'",
        mac,
        untagged,
      ),
      lackingSymbol('SSL_new', '/app/addon.node'),
    ],
    [
      'another processor on macOS',
      said(
        "dlopen(/app/addon.node, 0x0001): tried: '/app/addon.node' (mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64'))",
        mac,
        untagged,
      ),
      '/app/addon.node is no addon for darwin-arm64 (Node 24.1.0): build the addon for this system: BUILD',
    ],
    [
      'another processor on Windows',
      said('\\\\?\\C:\\addon.node is not a valid Win32 application.', windows, {
        file: 'C:\\addon.node',
      }),
      'C:\\addon.node is no addon for win32-arm64 (Node 24.1.0): build the addon for this system: BUILD',
    ],
    [
      "another processor's file, chosen",
      said('/app/addon.node: invalid ELF header', {}, { ...untagged, origin: 'chosen' }),
      '/app/addon.node is no addon for linux-x64 with glibc 2.28 (Node 24.1.0): let LWS_SECURE_STREAMS_ADDON name another, or unset it',
    ],
    [
      "another platform's prebuild that npm was told to ask for",
      said(`${file}: invalid ELF header`, { env: { npm_config_platform: 'darwin' } }),
      `${file} is no addon for linux-x64 with glibc 2.28 (Node 24.1.0): unset the environment variable npm_config_platform, which says darwin`,
    ],
    [
      'a folder that must not be read',
      said(
        'No native build was found',
        { permission: { has: () => false } },
        { file: '/app/prebuilds' },
      ),
      'Node 24.1.0 runs with --permission and may not read /app/prebuilds, which it takes to find the addon: start it with --allow-fs-read=/app/prebuilds, too',
    ],
    [
      'what is not known',
      said('libstdc++.so.6: cannot open shared object file: No such file or directory\nmore'),
      `${file} does not load on linux-x64 with glibc 2.28 (Node 24.1.0), which says "libstdc++.so.6: cannot open shared object file: No such file or directory": build the addon for this system: BUILD`,
    ],
  ] as const)
    it(`is about ${subject}`, () => assert.equal(message, says))

  it('names the oldest Node of package.json', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8'))
    assert.equal(engines.node, `>=${OLDEST_NODE}`)
  })
})
