import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { checkPolicy, normalizePolicy, policyToC } from 'lws-secure-streams/policy'
import { fakeCert } from './helpers.js'

const folder = path.resolve('build', 'upstream')
const sources = path.resolve('test', 'policy', 'upstream')

function run(command: string, args: string[], input = '') {
  return spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 64 << 20 })
}

before(() => {
  const built = run(process.execPath, [path.join('scripts', 'upstream-policies.mjs')])
  assert.equal(built.status, 0, built.stderr)
})

/** What upstream's parser makes of a policy, field by field; undefined when it refuses it. */
function parsedByUpstream(json: string): string[] | undefined {
  const { status, stdout } = run(path.join(folder, 'print-parsed'), [], json)
  return status === 0 ? stdout.split('\n') : undefined
}

/** What a static policy in C holds, field by field. */
function compiled(name: string, c: string): string[] {
  const file = path.join(folder, 'compiled', `${name}.c`)
  const program = path.join(folder, 'compiled', name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, c)
  const headers = ['lws', 'source'].map((part) => `-I${path.join(folder, part, 'include')}`)
  const built = run('cc', [
    '-Wall',
    '-Werror',
    '-Wno-unused-function',
    '-DLWS_WITH_SECURE_STREAMS_AUTH_SIGV4=1',
    `-DPOLICY="${file}"`,
    ...headers,
    '-o',
    program,
    path.join(sources, 'print-compiled.c'),
  ])
  assert.equal(built.status, 0, built.stderr)
  return run(program, []).stdout.split('\n')
}

/** What policy2c writes; undefined for what it cannot: raw streamtypes, and servers with TLS. */
function policy2c(json: string): string | undefined {
  const { status, stdout } = run(path.join(folder, 'policy2c'), ['-d0'], json)
  const isBeyondIt = parsedByUpstream(json)?.some((line) => / server\.cert /.test(line))
  return status === 0 && isBeyondIt !== true ? stdout : undefined
}

/**
 * What policy2c's C holds, but for its two mistakes: it gives texts that are not there to printf(),
 * which the C library makes "(null)" of, and it forgets the device's headers of a streamtype
 * without http_auth_header.
 */
function mended(theirs: readonly string[], parsed: readonly string[]): string[] {
  const given = theirs.filter((line) => !line.endsWith('"(null)"'))
  const isForgotten = (line: string) => / blob_header\[/.test(line) && !given.includes(line)
  return [...given, ...parsed.filter(isForgotten)].sort()
}

/** policy2c reverses the orders of metadata and of certificates, and so does ours. */
function withoutOrder(lines: readonly string[]): string[] {
  return lines.filter((line) => !/ order \d+ /.test(line)).sort()
}

const namesIn = (lines: readonly string[]) =>
  [...new Set(lines.map((line) => line.split(' ')[0] ?? ''))].filter(Boolean)

const namesOf = (json: string) => normalizePolicy(json).s.flatMap((item) => Object.keys(item))

describe("the policies of upstream's examples", () => {
  const policies = new Map<string, string>()
  before(() => {
    for (const name of readdirSync(path.join(folder, 'policies'))) {
      const text = readFileSync(path.join(folder, 'policies', name), 'utf8')
      policies.set(path.basename(name, '.json'), text)
    }
  })

  it('are all there', () => {
    assert.ok(policies.size >= 36, String([...policies.keys()]))
  })

  it('load, and give the streamtypes that upstream gives', () => {
    for (const [name, json] of policies) {
      const errors = checkPolicy(json).filter(({ severity }) => severity === 'error')
      const upstream = parsedByUpstream(json)
      if (upstream === undefined) {
        assert.notDeepEqual(errors, [], `${name} is refused by upstream`)
      } else {
        assert.deepEqual(errors, [], name)
        assert.deepEqual(namesOf(json).sort(), namesIn(upstream).sort(), name)
      }
    }
  })

  it('become the C that policy2c writes', () => {
    let compared = 0
    for (const [name, json] of policies) {
      const theirs = policy2c(json)
      if (theirs !== undefined) {
        const expected = mended(compiled(`${name}-policy2c`, theirs), parsedByUpstream(json) ?? [])
        const ours = compiled(name, policyToC(json))
        assert.deepEqual(namesIn(ours), namesOf(json), name)
        assert.deepEqual(ours.sort(), expected, name)
        compared++
      }
    }
    assert.ok(compared >= 30, `only ${compared} were compared`)
  })

  it('become C that holds what upstream parses, where policy2c fails', () => {
    let compared = 0
    for (const [name, json] of policies) {
      const upstream = parsedByUpstream(json)
      if (upstream !== undefined && policy2c(json) === undefined) {
        const ours = compiled(name, policyToC(json))
        assert.deepEqual(withoutOrder(ours), withoutOrder(upstream), name)
        compared++
      }
    }
    assert.ok(compared >= 3, `only ${compared} were compared`)
  })
})

describe('policyToC', () => {
  it('holds every key', () => {
    const every = {
      endpoint: 'e"\\??/é',
      port: 1,
      payload_fmt: 'x',
      'via-socks5': '127.0.0.1:1',
      client_cert: 2,
      retry: 'r',
      timeout_ms: 3,
      attr_priority: 4,
      proxy_buflen: 5,
      proxy_buflen_rxflow_on_above: 6,
      proxy_buflen_rxflow_off_below: 7,
      client_buflen: 8,
      client_buflen_rxflow_on_above: 9,
      client_buflen_rxflow_off_below: 10,
      tls: true,
      tls_trust_store: 'store-1',
      opportunistic: true,
      nailed_up: true,
      urgent_tx: true,
      urgent_rx: true,
      local_sink: true,
      long_poll: true,
      allow_redirects: true,
      perf: true,
      swake_validity: true,
      direct_proto_str: true,
      ws_prioritize_reads: true,
      attr_low_latency: true,
      attr_high_throughput: true,
      attr_high_reliability: true,
      attr_low_cost: true,
    }
    const http = {
      ...every,
      protocol: 'h2',
      http_method: 'POST',
      http_url: 'u',
      http_auth_header: 'authorization:',
      http_dsn_header: 'dsn:',
      http_fwv_header: 'fwv:',
      http_devtype_header: 'type:',
      http_auth_preamble: 'Bearer ',
      http_multipart_name: 'n',
      http_multipart_filename: 'f',
      http_mime_content_type: 'm',
      http_expect: 201,
      http_fail_redirect: true,
      http_no_content_length: true,
      http_www_form_urlencoded: true,
      http_multipart_ss_in: true,
      http_cookies: true,
      nghttp2_quirk_end_stream: true,
      h2q_oflow_txcr: true,
      http_resp_map: [{ 500: 1000 }, { 501: 1001 }],
      metadata: [{ a: 'content-type:' }, { b: 'x-own:' }, { c: '' }, { 'a-b': 'Accept:' }],
      use_auth: 'aws',
      aws_region: 'a',
      aws_service: 'b',
    }
    const mqtt = {
      ...every,
      protocol: 'mqtt',
      mqtt_topic: 't',
      mqtt_subscribe: 's',
      mqtt_will_topic: 'wt',
      mqtt_will_message: 'wm',
      mqtt_birth_topic: 'bt',
      mqtt_birth_message: 'bm\n',
      mqtt_keep_alive: 9,
      mqtt_qos: 1,
      mqtt_will_qos: 1,
      mqtt_birth_qos: 1,
      mqtt_clean_start: true,
      mqtt_retain: true,
      mqtt_will_retain: true,
      mqtt_birth_retain: true,
      aws_iot: true,
    }
    const json = JSON.stringify({
      retry: [{ r: { backoff: [1, 2], conceal: 3, jitterpc: 4, svalidping: 5, svalidhup: 6 } }],
      certs: [{ root: fakeCert() }, { other: fakeCert(700) }],
      trust_stores: [{ name: 'store-1', stack: ['root', 'other'] }],
      auth: [
        { name: 'aws', type: 'sigv4', streamtype: 'second', blob: 1 },
        { name: 'unused', type: 'sigv4' },
      ],
      s: [
        { first: { ...http, rideshare: 'second' } },
        { second: { ...http, protocol: 'ws', ws_subprotocol: 'p', ws_binary: true } },
        { third: mqtt },
        { fourth: { endpoint: 'e', port: 1, protocol: 'raw' } },
      ],
    })
    const upstream = parsedByUpstream(json)
    assert.ok(upstream !== undefined)
    assert.deepEqual(withoutOrder(compiled('every-key', policyToC(json))), withoutOrder(upstream))
  })

  it('keeps names apart that are the same in C', () => {
    const streamtype = { endpoint: 'e', port: 1, protocol: 'h1', http_method: 'GET' }
    const json = JSON.stringify({
      s: [
        { 'a-b': { ...streamtype, metadata: [{ 'c-d': '' }, { c_d: '' }] } },
        { a_b: { ...streamtype, metadata: [{ c: '' }] } },
        { a: { ...streamtype, metadata: [{ b_c: '' }] } },
      ],
    })
    assert.deepEqual(
      withoutOrder(compiled('same-names', policyToC(json))),
      withoutOrder(parsedByUpstream(json) ?? []),
    )
  })

  it('refuses what checkPolicy refuses', () => {
    assert.throws(() => policyToC({ s: [{ a: {} }] }, { file: 'p.json' }), {
      code: 'ERR_SS_POLICY',
      message: /p\.json|endpoint/,
    })
  })

  it('of no streamtypes is C as well', () => {
    assert.equal(policyToC({}).includes('#define'), false)
  })
})

describe("the example of the specification, which lws's parser refuses", () => {
  const readme = readFileSync('deps/libwebsockets/source/lib/secure-streams/README.md', 'utf8')
  const [, example = ''] = /# JSON Policy Database.*?```\n(.*?)```/s.exec(readme) ?? []
  const json = example.replaceAll(/"MII[^"]*"/g, JSON.stringify(fakeCert()))

  it('has what parses nowhere else', () => {
    assert.match(json, /h1get/)
    assert.equal(parsedByUpstream(json), undefined)
  })

  it('is understood, with a note for each old name', () => {
    const findings = checkPolicy(json)
    assert.deepEqual(
      findings
        .filter(({ code }) => code.startsWith('alternative'))
        .map(({ severity, code, path: at }) => [severity, code, at]),
      [
        ['info', 'alternative-form', 'trust_stores[0]'],
        ['info', 'alternative-name', 's[0].mintest.aux'],
        ['info', 'alternative-name', 's[0].mintest.protocol'],
      ],
    )
    assert.equal(
      findings.some(({ severity }) => severity === 'error'),
      false,
    )
  })

  it('means what its old names say', () => {
    assert.deepEqual(normalizePolicy(json).s, [
      {
        mintest: {
          endpoint: 'warmcat.com',
          port: 4443,
          protocol: 'h1',
          http_method: 'GET',
          http_url: 'index.html',
          tls: true,
          opportunistic: true,
          retry: 'default',
          tls_trust_store: 'le_via_isrg',
        },
      },
    ])
  })
})
