import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../support/temporary-folder.js'
import { lwsSs, onTerminal } from './helpers.js'

describe('lws-ss check', () => {
  const { file: pathOf, put } = temporaryFolder()

  it('names file, line and column of an error, plainly into a pipe, with status 1', () => {
    const file = put('wrong.json', '{ "s": [ { "get":\n  { "endpoint": "x", "port": true } } ] }')
    const { status, stdout, stderr } = lwsSs(['check', file])
    assert.equal(status, 1)
    assert.equal(stderr, '')
    assert.ok(stdout.includes(`${file}:2:30: error: s[0].get.port: `), stdout)
    assert.match(stdout, /\([a-z-]+\)\n/)
    assert.ok(!stdout.includes('\x1b'))
  })

  it('is in colour into a pipe with FORCE_COLOR, and on a terminal unless there is NO_COLOR', {
    skip: process.platform !== 'linux',
  }, async () => {
    const file = put('wrong.json', '{ "s": 1 }')
    const red = '\x1b[31merror'
    assert.ok(lwsSs(['check', file], { FORCE_COLOR: '1' }).stdout.includes(red))
    assert.ok((await onTerminal(['check', file])).includes(red))
    assert.ok(!(await onTerminal(['check', file], { NO_COLOR: '1' })).includes('\x1b[31m'))
  })

  it('has status 0 when there are only warnings', () => {
    const file = put('empty.json', '{}')
    const { status, stdout } = lwsSs(['check', file])
    assert.equal(status, 0)
    assert.match(stdout, /:1:1: warning: .*\(no-streamtypes\)\n$/)
  })

  it('gives all findings of all files as one array with --json', () => {
    const wrong = put('wrong.json', '{ "s": 1 }')
    const missing = pathOf('missing.json')
    const { status, stdout } = lwsSs(['check', '--json', wrong, missing])
    assert.equal(status, 1)
    const found = JSON.parse(stdout) as { file: string; code: string; severity: string }[]
    assert.ok(found.some(({ file, severity }) => file === wrong && severity === 'error'))
    assert.ok(found.some(({ file, code }) => file === missing && code === 'unreadable-file'))
  })

  it('wants at least one file', () => {
    const { status, stderr } = lwsSs(['check'])
    assert.equal(status, 2)
    assert.match(stderr, /^lws-ss: [^\n]+\n$/)
  })
})
