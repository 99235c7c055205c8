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
    assert.match(all.stdout, /^ {2}doctor \[options\] {2}/m)
    const one = lwsSs(['doctor', '--help'])
    assert.equal(one.status, 0)
    assert.match(one.stdout, /^ {2}--json {2}/m)
  })

  const mistakes: [string[], string][] = [
    [[], 'no command given'],
    [['physician'], "unknown command 'physician'"],
    [['--verbose'], "unknown option '--verbose'"],
    [['doctor', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
    [['doctor', 'policy.json'], "too many arguments for 'doctor'. Expected 0 arguments but got 1"],
    [['get', 'policy.json'], "missing required argument 'streamtype'"],
    [
      ['get', 'policy.json', 'chat', '--metadata', 'name'],
      "option '--metadata <name=value>' argument 'name' is invalid. It has the form name=value",
    ],
    [
      ['get', 'policy.json', 'chat', '--metadata', 'path=a', '--metadata', 'path=b'],
      "option '--metadata <name=value>' argument 'path=b' is invalid. 'path' has a value already",
    ],
    [
      ['get', 'policy.json', 'chat', '--wait', '-1'],
      "option '--wait <seconds>' argument '-1' is invalid. It is a number of seconds",
    ],
    [
      ['get', 'policy.json', 'chat', '--data', 'x', '--data-file', 'y'],
      "option '--data-file <file>' cannot be used with option '--data <text>'",
    ],
  ]
  for (const [args, complaint] of mistakes)
    it(`answers "${['lws-ss', ...args].join(' ')}" with one line and status 2`, () => {
      const { status, stdout, stderr } = lwsSs(args)
      assert.equal(stdout, '')
      assert.equal(stderr, `lws-ss: ${complaint}; see lws-ss --help\n`)
      assert.equal(status, 2)
    })

  it('says that proxy is part of a later version, and does not list it', () => {
    assert.doesNotMatch(lwsSs(['--help']).stdout, /^ *proxy/m)
    for (const more of [[], ['policy.json', '--path', '/run/x'], ['--help']]) {
      const { status, stdout, stderr } = lwsSs(['proxy', ...more])
      assert.equal(stdout, '')
      assert.equal(stderr, 'lws-ss: proxy is not in this version of lws-ss\n')
      assert.equal(status, 2)
    }
  })
})
