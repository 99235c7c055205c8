import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { makeProject, patchOf, programs, put, temporaryFolder, VERSION } from './project.js'

describe('scripts/lws-source.mjs', () => {
  let project = ''
  let tarball = ''
  let source = ''

  beforeEach(() => {
    ;({ project, tarball } = makeProject())
    source = path.join(project, 'deps/libwebsockets/source')
  })

  const patches = (files: Record<string, string>) => {
    put(path.join(project, 'deps/libwebsockets/patches'), files)
    put(project, { 'deps/libwebsockets/patches/series': `${Object.keys(files).join('\n')}\n` })
  }

  const run = (env: Record<string, string> = {}, args: string[] = []) => {
    const script = path.join(project, 'scripts/lws-source.mjs')
    const cache = path.join(project, 'cache')
    return spawnSync(process.execPath, [...args, script], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', XDG_CACHE_HOME: cache, LWS_SOURCE: tarball, ...env },
    })
  }

  const content = (name: string) => readFileSync(path.join(source, name), 'utf8')

  it('applies the series, and again when it changes', () => {
    patches({ '1.patch': patchOf('lib/a.c', 'lib/a.c', 'changed') })
    assert.match(run().stderr, /in place, 1 patches applied/)
    assert.equal(content('lib/a.c'), 'changed\n')
    assert.equal(run().stderr, '')

    const then = new Date(Date.now() - 60_000)
    for (const name of ['a.c', 'b.c']) utimesSync(path.join(source, 'lib', name), then, then)
    patches({ '1.patch': patchOf('lib/a.c', 'lib/a.c', 'changed again') })
    run()
    assert.equal(content('lib/a.c'), 'changed again\n')
    assert.ok(statSync(path.join(source, 'lib/a.c')).mtimeMs > then.getTime() + 1000)
    assert.equal(Math.round(statSync(path.join(source, 'lib/b.c')).mtimeMs), then.getTime())
  })

  it('stops with the name of a patch that does not apply, and leaves what was there', () => {
    run()
    patches({
      'core/good.patch': patchOf('lib/a.c', 'lib/a.c', 'x'),
      'h2/bad.patch': patchOf('lib/b.c', 'no', 'x'),
    })
    const { status, stderr } = run()
    assert.equal(status, 1)
    assert.match(stderr, /patch h2\/bad\.patch does not apply/)
    assert.equal(content('lib/a.c'), 'lib/a.c\n')
  })

  it('refuses a tarball with another hash', () => {
    writeFileSync(tarball, 'something else')
    const { status, stderr } = run()
    assert.equal(status, 1)
    assert.match(stderr, /its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}/)
    assert.ok(!existsSync(source))
  })

  it('takes the verified tarball from the cache', () => {
    const cached = path.join(project, `cache/lws-secure-streams/libwebsockets-${VERSION}.tar.gz`)
    mkdirSync(path.dirname(cached), { recursive: true })
    cpSync(tarball, cached)
    assert.equal(run({ LWS_SOURCE: '' }).status, 0)
    assert.equal(content('lib/a.c'), 'lib/a.c\n')
  })

  it('refuses a directory without the patches, and says how to get one that has them', () => {
    patches({ 'h2/1.patch': patchOf('lib/a.c', 'lib/a.c', 'changed') })
    const unpatched = path.join(project, `libwebsockets-${VERSION}`)
    const { status, stderr } = run({ LWS_SOURCE: unpatched })
    assert.equal(status, 1)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.ok(stderr.includes(`LWS_SOURCE=${unpatched} does not have the patches`), stderr)
    assert.match(stderr, /node scripts\/lws-source\.mjs makes deps\/libwebsockets\/source/)
    assert.ok(!existsSync(source))
  })

  it('takes a directory that has the patches, until these change', () => {
    patches({ 'h2/1.patch': patchOf('lib/a.c', 'lib/a.c', 'changed') })
    run()
    const elsewhere = path.join(project, 'elsewhere')
    cpSync(source, elsewhere, { recursive: true })
    const taken = run({ LWS_SOURCE: elsewhere })
    assert.equal(taken.status, 0)
    assert.ok(taken.stderr.includes(`using libwebsockets from ${elsewhere}`), taken.stderr)

    patches({ 'h2/1.patch': patchOf('lib/a.c', 'lib/a.c', 'changed again') })
    assert.match(run({ LWS_SOURCE: elsewhere }).stderr, /does not have the patches/)
  })

  it('names all four routes in one line when none works', () => {
    const offline =
      "data:text/javascript,globalThis.fetch = async () => { throw new Error('offline') }"
    const bin = programs('tar')
    const { status, stderr } = run({ LWS_SOURCE: '', PATH: bin }, ['--import', offline])
    assert.equal(status, 1)
    const last = stderr.trim().split('\n').at(-1) ?? ''
    for (const route of [/LWS_SOURCE=/, /libwebsockets-9\.9\.9\.tar\.gz \(not there\)/]) {
      assert.match(last, route)
    }
    assert.match(last, /Debian's source package \(no apt on this machine\)/)
    assert.match(last, /the upstream release archive \(offline\)/)
  })
})

describe('scripts/asan-report.mjs', () => {
  const frames = (...lines: string[]) => lines.map((line, index) => `    #${index} 0x1 ${line}`)
  const leak = (...lines: string[]) => ['Direct leak of 8 byte(s):', ...frames(...lines)].join('\n')

  it('keeps errors and the leaks of the addon, and no others', async () => {
    const { readFindings } = await import(pathToFileURL('scripts/asan-report.mjs').href)
    const ours = `in lws_zalloc ${process.cwd()}/deps/libwebsockets/source/lib/core/alloc.c:1`
    const throughOpenssl = leak('in malloc', 'in CRYPTO_zalloc (/usr/bin/node+0x1)', ours)
    const ofNode = leak('in malloc', 'in v8::internal::New (/usr/bin/node+0x1)', ours)
    const folder = temporaryFolder()
    put(folder, { 'report.1': [throughOpenssl, ofNode].join('\n\n') })
    assert.deepEqual(readFindings(folder), [throughOpenssl])
    put(folder, { 'report.2': '==1==ERROR: AddressSanitizer: heap-use-after-free\n' })
    assert.equal(readFindings(folder).length, 2)
  })
})
