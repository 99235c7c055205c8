import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { put, temporaryFolder } from './project.js'

describe('scripts/in-container.mjs', () => {
  const bin = temporaryFolder()
  put(bin, { docker: '#!/bin/sh\nfor word; do echo "$word"; done\n' })
  chmodSync(path.join(bin, 'docker'), 0o755)

  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/in-container.mjs', ...args], {
      encoding: 'utf8',
      env: { PATH: bin },
    })

  it('runs the command in this folder, with the Node of the container', () => {
    const words = run('alpine-26', 'npm', 'run', 'test:smoke').stdout.trimEnd().split('\n')
    const root = process.cwd()
    assert.deepEqual(words.slice(0, 9), [
      ...['run', '--rm', '--env', 'CI', '--volume', `${root}:${root}`],
      ...['--workdir', root, 'node:26-alpine'],
    ])
    assert.deepEqual(words.slice(-4), ['sh', 'npm', 'run', 'test:smoke'])
  })

  it('takes this Node along where the container has none', () => {
    const prefix = path.resolve(path.dirname(process.execPath), '..')
    const { stdout } = run('almalinux-8', 'npm', 'test')
    assert.ok(stdout.includes(`--volume\n${prefix}:${prefix}\n`), stdout)
    assert.ok(stdout.includes(`PATH=${prefix}/bin:$PATH; `), stdout)
  })

  it('says which containers there are', () => {
    const { status, stderr } = run('elsewhere', 'npm', 'test')
    assert.equal(status, 1)
    assert.match(
      stderr,
      /usage: in-container\.mjs alpine-20\|alpine-26\|debian-12\|almalinux-8 COMMAND…/,
    )
  })
})
