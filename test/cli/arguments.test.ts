import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lwsSs, version } from './helpers.js'

describe('the arguments of lws-ss', () => {
  it('--version names the version', () => {
    const { status, stdout } = lwsSs(['--version'])
    assert.equal(status, 0)
    assert.ok(stdout.startsWith(`lws-ss/${version} `), stdout)
  })

  it('--help lists the commands, and after a command its options', () => {
    const all = lwsSs(['--help'])
    assert.equal(all.status, 0)
    assert.match(all.stdout, /^ {2}doctor {2}/m)
    const one = lwsSs(['doctor', '--help'])
    assert.equal(one.status, 0)
    assert.match(one.stdout, /^ {2}--json {2}/m)
  })

  const mistakes: [string[], string][] = [
    [[], 'No command given'],
    [['physician'], 'Unknown command `physician`'],
    [['--verbose'], 'Unknown option `--verbose`'],
    [['doctor', '--xml'], 'Unknown option `--xml`'],
    [['doctor', 'policy.json'], 'Unused args: `policy.json`'],
  ]
  for (const [args, complaint] of mistakes)
    it(`answers "${['lws-ss', ...args].join(' ')}" with one line and status 2`, () => {
      const { status, stdout, stderr } = lwsSs(args)
      assert.equal(stdout, '')
      assert.equal(stderr, `lws-ss: ${complaint}; see lws-ss --help\n`)
      assert.equal(status, 2)
    })
})
