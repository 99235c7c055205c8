import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { makeProject, put } from './project.js'

describe('scripts/pack-collected.mjs', () => {
  const { project } = makeProject()
  const complaint = () => {
    const script = path.join(project, 'scripts/pack-collected.mjs')
    const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
    assert.equal(status, 1)
    return stderr.replace('lws-secure-streams: prebuilds/ ', '').trim()
  }

  it('names prebuilds that are missing, and such that nobody knows', () => {
    const missing = complaint()
      .replace(/^lacks /, '')
      .split(', ')
    assert.ok(missing.includes('linux-x64/lws-secure-streams.musl.node'), missing.join())

    const files = (names: string[]) =>
      put(path.join(project, 'prebuilds'), Object.fromEntries(names.map((name) => [name, ''])))
    files(missing.slice(1))
    assert.equal(complaint(), `lacks ${missing[0]}`)
    files([...missing, 'linux-x64/other.node'])
    assert.equal(complaint(), 'has linux-x64/other.node besides')
  })
})
