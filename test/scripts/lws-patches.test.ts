import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { makeProject, put, VERSION } from './project.js'

const FOLDERS = '# One patch file a line, applied in this order with `patch -p1`.\n'
const SERIES = `${FOLDERS}
# h1: HTTP/1.1
h1/first.patch

# h2: HTTP/2
h2/second.patch
`

const header = (needs: string) =>
  `Description: what it changes
Shown-by: test/a.test.ts
Upstream: no
Needs: ${needs}
Forwarded: no
Last-Update: 2026-11-29
`

const diffOf = (name: string, lines: string[], at = '@@ -1 +1,2 @@') =>
  `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n${[at, ...lines].join('\n')}\n`

describe('scripts/lws-patches.mjs', () => {
  let project = ''
  let branch = ''

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [path.join(project, 'scripts/lws-patches.mjs'), ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', XDG_CACHE_HOME: path.join(project, 'cache') },
    })

  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@invalid', ...args], {
      cwd: branch,
      encoding: 'utf8',
    })

  const patchFile = (name: string) =>
    readFileSync(path.join(project, 'deps/libwebsockets/patches', name), 'utf8')

  beforeEach(() => {
    const made = makeProject()
    project = made.project
    branch = path.join(project, 'branch')
    const cached = path.join(project, `cache/lws-secure-streams/libwebsockets-${VERSION}.tar.gz`)
    mkdirSync(path.dirname(cached), { recursive: true })
    cpSync(made.tarball, cached)
    put(path.join(project, 'deps/libwebsockets/patches'), {
      series: SERIES,
      'h1/first.patch': `${header('none')}---\n${diffOf('lib/a.c', [' lib/a.c', '+first'])}`,
      'h2/second.patch': `${header('h1/first')}---\n${diffOf('lib/a.c', [' lib/a.c', ' first', '+second'], '@@ -1,2 +1,3 @@')}`,
    })
    const made2 = run('branch', branch)
    assert.equal(made2.status, 0, made2.stderr)
  })

  it('makes a commit of each patch, and the same patches of the commits', () => {
    assert.deepEqual(git('log', '--format=%s', 'upstream..').split('\n'), [
      'h2/second',
      'h1/first',
      '',
    ])
    assert.match(run('export', branch).stderr, /2 patches, of which 0 are new or changed/)
    assert.equal(patchFile('series'), SERIES)
  })

  it('finds out what a patch needs by whose lines are around its own', () => {
    writeFileSync(path.join(branch, 'lib/b.c'), 'lib/b.c\nthird\n')
    git('add', 'lib/b.c')
    git('commit', '--quiet', '-m', `h2/third\n\n${header('h1/first')}`)
    assert.equal(run('export', branch).status, 0)
    assert.match(patchFile('h2/third.patch'), /^Needs: none$/m)
    assert.match(patchFile('h2/second.patch'), /^Needs: h1\/first$/m)
    assert.ok(patchFile('series').endsWith('h2/second.patch\nh2/third.patch\n'))
  })

  it('refuses a commit that is behind those of a later folder', () => {
    git('commit', '--quiet', '--allow-empty', '-m', `h1/late\n\n${header('none')}`)
    const { status, stderr } = run('export', branch)
    assert.equal(status, 1)
    assert.match(stderr, /h1\/late comes after h2\/second, whose folder is a later one/)
    assert.equal(patchFile('series'), SERIES)
  })

  it('refuses a commit without a header', () => {
    git('commit', '--quiet', '--allow-empty', '-m', 'h2/silent')
    assert.match(run('export', branch).stderr, /h2\/silent has no DEP-3 header/)
  })
})
