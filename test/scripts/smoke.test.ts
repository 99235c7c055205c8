import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { temporaryFolder } from './project.js'

describe('the smoke', { timeout: 60_000 }, () => {
  let certificates = ''
  before(async () => {
    const { makeSmokeCertificates } = await import(pathToFileURL('scripts/smoke.mjs').href)
    certificates = await makeSmokeCertificates(temporaryFolder())
  })

  const run = (...names: string[]) =>
    spawnSync(process.execPath, ['test/smoke/smoke.mjs', process.cwd(), certificates, ...names], {
      encoding: 'utf8',
    })
  const linesOf = (output: string) => output.trimEnd().split('\n')

  it('says a line for each check, and ends with 0 when all are good', () => {
    const { status, stdout, stderr } = run('raw')
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    const [first, ...checks] = linesOf(stdout)
    assert.equal(first, `Node ${process.version} on ${process.platform}-${process.arch}`)
    assert.equal(checks.length, 5)
    for (const line of checks) assert.match(line, /^ok {4}/)
  })

  it('says why a check fails, and ends with 1', () => {
    const all = JSON.parse(readFileSync(certificates, 'utf8'))
    certificates = path.join(temporaryFolder(), 'swapped.json')
    writeFileSync(certificates, JSON.stringify({ ...all, trusted: all.stranger }))
    const { status, stdout } = run('raw with TLS')
    assert.equal(status, 1)
    const [, failed, ...others] = linesOf(stdout)
    assert.match(failed ?? '', /^FAIL {2}raw with TLS: .*certificate/)
    assert.equal(others.length, 1)
  })

  it('says how it is to be called', () => {
    const { status, stderr } = spawnSync(process.execPath, ['test/smoke/smoke.mjs'], {
      encoding: 'utf8',
    })
    assert.equal(status, 2)
    assert.match(stderr, /^usage: node smoke\.mjs PACKAGE CERTIFICATES/)
  })
})
