import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { makeProject, put } from './project.js'

const CHANGELOG = `# Changelog

## [Unreleased]

- to come

## [1.2.0] - 2026-01-31

### Added

- a thing

## [1.1.0] - 2025-12-01

- the first
`

const REPOSITORY = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'some/where' }

describe('scripts/release.mjs', () => {
  let project = ''
  beforeEach(() => {
    ;({ project } = makeProject())
    putVersion('1.2.0')
    put(project, { 'CHANGELOG.md': CHANGELOG })
    // They say what they are called with.
    put(project, {
      'bin/npm-cli.js': `console.log(process.argv[2] === '--version' ? process.env.NPM : process.argv.slice(2).join(' '))`,
      'bin/gh': '#!/bin/sh\nfor word; do echo "$word"; done\n',
    })
    chmodSync(path.join(project, 'bin/gh'), 0o755)
  })

  function putVersion(version: string): void {
    const url = 'git+https://github.com/some/where.git'
    put(project, {
      'package.json': JSON.stringify({ version, repository: { type: 'git', url } }),
      'package-lock.json': JSON.stringify({ version }),
    })
  }

  const run = (args: string[], env: Record<string, string> = {}, script = 'release') =>
    spawnSync(process.execPath, [path.join(project, `scripts/${script}.mjs`), ...args], {
      encoding: 'utf8',
      env: {
        PATH: path.join(project, 'bin'),
        npm_execpath: path.join(project, 'bin/npm-cli.js'),
        NPM: '11.5.1',
        ...env,
      },
    })

  const refuses = (args: string[], reason: string, env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = run(args, env)
    assert.deepEqual(
      { status, stdout, stderr },
      { status: 1, stdout: '', stderr: `lws-secure-streams: ${reason}\n` },
    )
  }

  it('is content when tag, package.json, package-lock.json and changelog agree', () => {
    const { status, stdout, stderr } = run(['check', 'v1.2.0'], REPOSITORY)
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
  })

  it('refuses another tag', () =>
    refuses(['check', 'v1.2.1'], 'the tag is v1.2.1, and package.json says 1.2.0'))

  it('refuses a lock file of another version', () => {
    put(project, { 'package-lock.json': '{ "version": "1.1.0" }' })
    refuses(['check', 'v1.2.0'], 'package-lock.json says 1.1.0, not 1.2.0')
  })

  it('refuses a version of which the changelog says nothing', () => {
    putVersion('1.2')
    refuses(['check', 'v1.2'], 'CHANGELOG.md has no section for 1.2')
  })

  it('refuses a section without a date', () => {
    put(project, {
      'CHANGELOG.md': CHANGELOG.replace('[1.2.0] - 2026-01-31', '[Unreleased] (1.2.0)'),
    })
    refuses(
      ['check', 'v1.2.0'],
      'CHANGELOG.md has "## [Unreleased] (1.2.0)", not "## [1.2.0] - " and a date',
    )
  })

  it('refuses a package.json that names another repository, for npm would', () =>
    refuses(
      ['publish', 'v1.2.0', 'a.tgz'],
      'package.json\'s repository.url is "git+https://github.com/some/where.git": ' +
        'npm wants git+https://github.com/else/where.git for provenance',
      { ...REPOSITORY, GITHUB_REPOSITORY: 'else/where' },
    ))

  it('refuses an npm that wants a token', () =>
    refuses(
      ['publish', 'v1.2.0', 'a.tgz'],
      'npm 11.5.1 or later publishes without a token, this is 11.4.9',
      { NPM: '11.4.9' },
    ))

  for (const NPM of ['11.5.1', '11.5.2', '11.10.0', '12.0.0'])
    it(`publishes with npm ${NPM}, and with provenance`, () => {
      const { stdout, stderr } = run(['publish', 'v1.2.0', 'a.tgz'], { NPM })
      const tarball = path.resolve('a.tgz')
      const words = `publish ${tarball} --provenance --access public --tag latest\n`
      assert.deepEqual({ stdout, stderr }, { stdout: words, stderr: '' })
    })

  it('gives a prerelease to those alone who ask for the next', () => {
    putVersion('1.3.0-rc.1')
    put(project, { 'CHANGELOG.md': CHANGELOG.replace('1.2.0', '1.3.0-rc.1') })
    assert.match(run(['publish', 'v1.3.0-rc.1', 'a.tgz']).stdout, / --tag next\n$/)
    assert.match(run(['announce', 'v1.3.0-rc.1', 'a.tgz']).stdout, /\n--prerelease\n$/)
  })

  it('announces it with its section of the changelog', () => {
    const notes = ['### Added', '', '- a thing']
    const words = ['release', 'create', 'v1.2.0', 'a.tgz', '--verify-tag', '--title', 'v1.2.0']
    const { stdout } = run(['announce', 'v1.2.0', 'a.tgz'])
    assert.deepEqual(stdout.trimEnd().split('\n'), [...words, '--notes', ...notes])
  })

  it('says how it is to be called', () => {
    for (const args of [[], ['check'], ['publish', 'v1.2.0'], ['toString', 'v1.2.0']])
      assert.match(run(args).stderr, /: usage: release\.mjs check TAG \| publish TAG TARBALL \|/)
  })

  it('has a changelog whose sections can be printed', () => {
    const { stdout } = run(['section', '1.1.0'], {}, 'changelog')
    assert.equal(stdout, '- the first\n')
  })
})
