import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lwsSs, version } from './helpers.js'

const COMMANDS = ['run', 'init', 'list', 'check', 'types', 'c', 'serve', 'doctor', 'help']

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

  it('shows its help without arguments, and by help', () => {
    const { status, stdout } = lwsSs([])
    assert.equal(status, 0)
    assert.equal(stdout, lwsSs(['--help']).stdout)
    assert.equal(stdout, lwsSs(['help']).stdout)
  })

  const commands = Array.from(
    lwsSs(['--help']).stdout.matchAll(/^ {2}([a-z]+)(?:, [a-z]+)? {2,}[A-Z]/gm),
    ([, name = '']) => name,
  )

  it('has all commands in its help', () => {
    assert.deepEqual(commands, COMMANDS)
  })

  for (const command of COMMANDS)
    it(`help ${command} has an example, is that of --help, and has 80 columns`, () => {
      const { status, stdout } = lwsSs(['help', command])
      assert.equal(status, 0)
      assert.match(stdout, new RegExp(`^ {2}lws-ss ${command}\\b`, 'm'))
      if (command !== 'help') assert.equal(lwsSs([command, '--help']).stdout, stdout)
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
    })

  it('is plain into a pipe, and in colour with FORCE_COLOR', () => {
    assert.ok(!lwsSs(['--help'], { FORCE_COLOR: '', NO_COLOR: '' }).stdout.includes('\x1b'))
    assert.ok(
      lwsSs(['--help'], { FORCE_COLOR: '1', NO_COLOR: '' }).stdout.startsWith('\x1b[1mUsage'),
    )
  })

  const mistakes: [string[], string][] = [
    [['physician'], "unknown command 'physician'; see lws-ss --help"],
    [['lst'], "unknown command 'lst'; did you mean list? See lws-ss --help"],
    [['--verbose'], "unknown option '--verbose'; see lws-ss --help"],
    [['doctor', '--jsn'], "unknown option '--jsn'; did you mean --json? See lws-ss help doctor"],
    [
      ['doctor', 'policy.json'],
      "too many arguments for 'doctor'. Expected 0 arguments but got 1; see lws-ss help doctor",
    ],
    [['run', 'policy.json'], "missing required argument 'streamtype'; see lws-ss help run"],
    [
      ['run', 'policy.json', 'chat', '--metadata', 'name'],
      "option '-m, --metadata <name=value>' argument 'name' is invalid. It has the form name=value; see lws-ss help run",
    ],
    [
      ['get', 'policy.json', 'chat', '-m', 'path=a', '-m', 'path=b'],
      "option '-m, --metadata <name=value>' argument 'path=b' is invalid. 'path' has a value already; see lws-ss help get",
    ],
    [
      ['run', 'policy.json', 'chat', '--wait', '-1'],
      "option '--wait <seconds>' argument '-1' is invalid. It is a number of seconds; see lws-ss help run",
    ],
    [
      ['run', 'policy.json', 'chat', '--timeout', '0'],
      "option '--timeout <seconds>' argument '0' is invalid. It is more than 0 seconds; see lws-ss help run",
    ],
    [
      ['run', 'policy.json', 'chat', '-d', 'x', '--data-file', 'y'],
      "option '--data-file <file>' cannot be used with option '-d, --data <text>'; see lws-ss help run",
    ],
  ]
  for (const [args, complaint] of mistakes)
    it(`answers "${['lws-ss', ...args].join(' ')}" with one line and status 2`, () => {
      const { status, stdout, stderr } = lwsSs(args)
      assert.equal(stdout, '')
      assert.equal(stderr, `lws-ss: ${complaint}\n`)
      assert.equal(status, 2)
    })

  it('suggests the command that help was asked for', () => {
    const { status, stderr } = lwsSs(['help', 'ru'])
    assert.equal(stderr, `lws-ss: unknown command 'ru'; did you mean "run"?\n`)
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
