/**
 * Policies as other people have written them, for programs that libwebsockets serves in C: they load here
 * too. Where C makes of a value what nobody can have meant, the check says what is made of it instead.
 */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { checkPolicy, normalizePolicy, overlayPolicy, policyToC } from 'lws-secure-streams/policy'
import { startHttp1, startRaw } from '../peers/index.js'
import { nextState } from '../support/states.js'

const found = (policy: object, severity: 'error' | 'warning') =>
  checkPolicy(JSON.stringify(policy)).filter((finding) => finding.severity === severity)

const said = (policy: object, severity: 'error' | 'warning' = 'warning') =>
  found(policy, severity)
    .map(({ code, path, message }) => `${code} ${path}: ${message}`)
    .join('\n')

const client = { endpoint: 'localhost', port: 1, protocol: 'ws', http_url: '/' }

describe('a retry scheme that is to go on for ever', () => {
  // The build farm "sai" of libwebsockets' author has "conceal": 99999 in its builder, its power manager
  // and its device client, since 2021. C keeps 16 bits of it, which is 34,463 attempts.
  const of = (scheme: object) => ({
    retry: [{ sai: scheme }],
    s: [{ builder: { ...client, nailed_up: true, retry: 'sai' } }],
  })
  const sai = { backoff: [1000, 2000, 3000, 5000, 10_000], jitterpc: 20 }

  test('loads, and does', async () => {
    const policy = of({ ...sai, conceal: 99_999, svalidping: 100, svalidhup: 110 })
    assert.equal(said(policy, 'error'), '')
    assert.match(said(policy), /^out-of-range retry.*\.conceal: .*99999.*65535.*34463/)
    assert.equal(normalizePolicy(policy).retry[0]?.sai?.conceal, 65_535)
    await using context = await openContext({ policy })
    assert.equal(context.policy.retry[0]?.sai?.conceal, 65_535)
  })

  for (const [key, most] of [
    ['conceal', 65_535],
    ['svalidping', 65_535],
    ['svalidhup', 65_535],
    ['jitterpc', 255],
  ] as const)
    test(`has the largest ${key} that there is where it asks for more`, () => {
      for (const value of [most + 1, 2 ** 31, String(most + 1)]) {
        const policy = of({ ...sai, svalidhup: 65_535, [key]: value })
        assert.equal(said(policy, 'error'), '')
        assert.match(said(policy), new RegExp(`out-of-range retry.*\\.${key}: `))
        assert.equal(normalizePolicy(policy).retry[0]?.sai?.[key], most)
      }
      assert.equal(said(of({ ...sai, [key]: most })), '')
      assert.match(said(of({ ...sai, [key]: -1 }), 'error'), /out-of-range/)
    })

  test('but a port or a QoS that cannot be is still an error', () => {
    for (const wrong of [{ port: 65_536 }, { client_cert: 16 }, { attr_priority: 8 }])
      assert.match(said({ s: [{ it: { ...client, ...wrong } }] }, 'error'), /out-of-range/)
  })
})

describe('flags written as numbers', () => {
  // The MQTT example of libwebsockets 5.0 has "mqtt_will_retain": 0, which C reads as false, as it does
  // every value but true.
  const mqtt = {
    endpoint: '127.0.0.1',
    protocol: 'mqtt',
    mqtt_topic: 't',
    mqtt_will_topic: 'gone',
    mqtt_will_message: 'm',
  }

  test('0 is false', async () => {
    const flags = async (more: object) => {
      const connected = new EventEmitter()
      const said = once(connected, 'data') as Promise<[Buffer]>
      await using broker = await startRaw({
        accept: (socket) => socket.once('data', (bytes) => connected.emit('data', bytes)),
      })
      const policy = { s: [{ it: { ...mqtt, ...more, port: broker.port } }] }
      await using context = await openContext({ policy: JSON.stringify(policy) })
      const failed = assert.rejects(context.stream('it').connect())
      const [packet] = await said
      context.destroy()
      await failed
      return packet.readUInt8(9)
    }
    const WILL_RETAIN = 0x20
    assert.equal((await flags({ mqtt_will_retain: 0 })) & WILL_RETAIN, 0)
    assert.equal((await flags({ mqtt_will_retain: true })) & WILL_RETAIN, WILL_RETAIN)
  })

  test('for every flag, with a word about it; 1 and texts are an error, since C makes false of them', () => {
    for (const flag of [
      'mqtt_will_retain',
      'mqtt_retain',
      'mqtt_clean_start',
      'tls',
      'nailed_up',
    ]) {
      const with_ = (value: unknown) => ({ s: [{ it: { ...mqtt, port: 1, [flag]: value } }] })
      assert.equal(said(with_(0), 'error'), '', flag)
      assert.match(said(with_(0)), /wrong-type s\[0\]\.it\..*write false instead of 0/)
      assert.equal(Object(normalizePolicy(with_(0) as never).s[0]?.it)[flag], false)
      for (const value of [1, 'true', 'false', null, -0.5])
        assert.match(said(with_(value), 'error'), /wrong-type/, `${flag} ${value}`)
    }
  })
})

describe('sinks', () => {
  // The sink example of libwebsockets since 4.3 has a streamtype that is "local_sink": true and nothing
  // else; its stream is taken by a part of the same program.
  const policy = {
    s: [
      { sink: { local_sink: true } },
      { plain: { ...client, protocol: 'h1', http_method: 'GET' } },
    ],
  }
  const notHere = { code: 'ERR_SS_NOT_IMPLEMENTED', message: /sink.*'sink'/ }

  test('the policy loads, and a stream says that there are none', async () => {
    assert.equal(said(policy, 'error'), '')
    assert.match(
      said(policy),
      /no-effect s\[0\]\.sink\.local_sink: .*a sink, of which this build has none/,
    )
    await using context = await openContext({ policy })
    assert.deepEqual(context.streamtypes, ['sink', 'plain'])
    const stream = context.stream('sink')
    await assert.rejects(stream.send('x'), notHere)
    await assert.rejects(stream.connect(), notHere)
    await assert.rejects(async () => {
      for await (const _ of stream) assert.fail()
    }, notHere)
    await assert.rejects(context.request('sink'), notHere)
    await assert.rejects(context.request('sink', { body: 'x' }))
    assert.ok(stream.destroyed)
  })

  // The demonstration server of libclamma, which runs a language model, has { "protocol": "raw" } and nothing
  // else for the pipe that its worker writes to.
  test('nor are there descriptors to adopt, which raw without an endpoint is for', async () => {
    const pipe = { s: [{ genpipe: { protocol: 'raw' } }] }
    assert.equal(said(pipe, 'error'), '')
    assert.match(said(pipe), /no-effect s\[0\]\.genpipe\.protocol: .*a descriptor to adopt/)
    await using context = await openContext({ policy: JSON.stringify(pipe) })
    const stream = context.stream('genpipe')
    await assert.rejects(stream.send('x'), {
      code: 'ERR_SS_NOT_IMPLEMENTED',
      message: /descriptor to adopt.*'genpipe'/,
    })
    for (const protocol of ['h1', 'h2', 'ws', 'mqtt'])
      assert.match(said({ s: [{ it: { protocol } }] }, 'error'), /missing-endpoint/)
    assert.match(
      said({ s: [{ it: { protocol: 'raw', endpoint: 1 } }] }, 'error'),
      /^wrong-type[^\n]*$/,
    )
  })

  test('a stream with handlers is created and destroyed', async () => {
    await using context = await openContext({
      policy: { s: [{ sink: { local_sink: true, nailed_up: true, metadata: [{ a: '' }] } }] },
    })
    const states: unknown[] = []
    const stream = context.stream('sink', {
      metadata: { a: 'x' },
      state: (_stream, state) => {
        states.push(state)
      },
    })
    if (stream.state !== 'DESTROYING') await nextState(stream, 'DESTROYING')
    assert.deepEqual(states, ['CREATING', 'DESTROYING'])
    assert.throws(() => stream.requestTx(-1), RangeError)
    stream.requestTx()
  })

  test('one with an endpoint connects there, as in C', async () => {
    await using server = await startHttp1()
    const it = {
      local_sink: true,
      endpoint: '127.0.0.1',
      port: server.port,
      protocol: 'h1',
    } as const
    await using context = await openContext({ policy: { s: [{ it }] } })
    assert.ok((await context.request('it')).acked)
  })

  test('stay what they are in normal form, under an overlay, and in C', async () => {
    const normal = normalizePolicy(policy as never)
    assert.deepEqual(normal.s[0], { sink: { local_sink: true } })
    assert.deepEqual(
      checkPolicy(normal).filter(({ severity }) => severity === 'error'),
      [],
    )
    assert.deepEqual(overlayPolicy(normal, { s: [{ plain: { port: 2 } }] }).s[0], normal.s[0])
    assert.match(policyToC(normal), /LWSSSPOLF_LOCAL_SINK/)
    await using context = await openContext({ policy: normal })
    await context.overlay({ s: [{ sink: { endpoint: 'localhost', port: 1 } }] })
    await assert.rejects(context.request('sink'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
  })

  test('a server with local_sink is a server', () => {
    const server = { s: [{ it: { server: true, protocol: 'raw', local_sink: true } }] }
    assert.equal(said(server, 'error'), '')
    assert.match(said(server), /key-wrong-role/)
  })
})

describe('what later versions of libwebsockets have', () => {
  test('options of a server, since 4.4', () => {
    const of = (key: string) => ({
      s: [{ it: { server: true, protocol: 'ws', [key]: [{ 'lws-ota': 'x' }] } }],
    })
    assert.equal(said(of('options'), 'error'), '')
    assert.match(said(of('options')), /^unknown-key .*libwebsockets 4\.4 and later.*ignores it/)
    assert.doesNotMatch(said(of('optoins')), /4\.4/)
  })

  test('the protocol h3, since 5.0', () => {
    const policy = { s: [{ it: { ...client, protocol: 'h3' } }] }
    assert.match(said(policy, 'error'), /^unknown-protocol .*libwebsockets 5\.0.*use h2$/)
  })
})
