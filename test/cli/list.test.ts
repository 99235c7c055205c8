import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../support/temporary-folder.js'
import { lwsSs, onTerminal } from './helpers.js'

describe('lws-ss list', () => {
  const { file: pathOf, put } = temporaryFolder()
  const policy = () =>
    put(
      'policy.json',
      JSON.stringify({
        retry: [{ default: { backoff: [1000], conceal: 2 } }],
        s: [
          {
            weather: {
              ...{ endpoint: 'weather.example.com', port: 443, protocol: 'h2', tls: true },
              ...{ http_method: 'GET', http_url: `\${region}/${'long/'.repeat(30)}` },
              ...{ metadata: [{ region: '' }, { accept: 'accept:' }], retry: 'default' },
            },
          },
          {
            sensor: {
              ...{ endpoint: '::1', port: 1883, protocol: 'mqtt', retry: 'default' },
              ...{ mqtt_topic: 'home/attic', mqtt_qos: 1 },
            },
          },
          { site: { server: true, port: 8080, protocol: 'h1' } },
          { [`${'name'.repeat(20)}语言`]: { endpoint: 'a', port: 1, protocol: 'raw' } },
        ],
      }),
    )

  it('shows what each streamtype is in a table of at most 80 columns', () => {
    const { status, stdout, stderr } = lwsSs(['list', policy()])
    assert.deepEqual([status, stderr], [0, ''])
    const lines = stdout.trimEnd().split('\n')
    for (const line of lines) assert.ok(line.length <= 80, line)
    const [head = '', ...rows] = lines
    assert.match(head, /^STREAMTYPE +PROTOCOL +ENDPOINT +TLS +DIRECTION +METADATA$/)
    const row = (name: string) => rows.find((line) => line.startsWith(name)) ?? ''
    assert.match(row('weather'), /h2 GET +weather\.\S* +yes +receives +region/)
    assert.match(row('sensor'), /mqtt +\[::1\]:1883 +no +sends +-$/)
    assert.match(row('site'), /h1 +\*:8080 +no +serves +-$/)
    // What does not fit goes on below, in its column.
    const below = rows.slice(rows.indexOf(row('weather')) + 1, rows.indexOf(row('sensor')))
    const column = head.indexOf('ENDPOINT')
    assert.ok(below.length > 0)
    for (const line of below) assert.match(line.slice(0, column), /^ *$/)
  })

  it('says the same as JSON, in full', () => {
    const { status, stdout } = lwsSs(['list', policy(), '--json'])
    assert.equal(status, 0)
    const [weather, sensor, site] = JSON.parse(stdout)
    assert.deepEqual(
      [weather.name, weather.protocol, weather.method, weather.tls, weather.sends],
      ['weather', 'h2', 'GET', true, false],
    )
    assert.equal(weather.path, `/\${region}/${'long/'.repeat(30)}`)
    assert.deepEqual(weather.metadata, { region: '', accept: 'accept:' })
    assert.deepEqual([sensor.topic, sensor.qos, sensor.receives], ['home/attic', 1, false])
    assert.deepEqual([site.role, site.port], ['server', 8080])
  })

  it('has a bold head on a terminal', { skip: process.platform !== 'linux' }, async () => {
    assert.ok((await onTerminal(['list', policy()])).startsWith('\x1b[1mSTREAMTYPE'))
  })

  it('says what is wrong with a policy, as lws-ss check does', () => {
    const file = put('wrong.json', '{ "s": [ { "get": { "port": true } } ] }')
    const { status, stdout, stderr } = lwsSs(['list', file])
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(
      stderr,
      /wrong\.json:1:\d+: error: s\[0\]\.get\.port: .*\nlws-ss: the policy .*\n$/s,
    )
    assert.match(
      lwsSs(['list', pathOf('none.json')]).stderr,
      /^lws-ss: the file cannot be read: .*\n$/,
    )
  })

  it('says that a policy has no streamtypes', () => {
    assert.equal(
      lwsSs(['list', put('empty.json', '{}')]).stdout,
      'The policy has no streamtypes.\n',
    )
  })
})
