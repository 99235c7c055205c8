/** Lines under `@ts-expect-error` stop the tests from compiling once they are no error any more. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { expectTypeOf } from 'expect-type'
import {
  type Context,
  openContext,
  type PolicyInput,
  type SecureStream,
  SecureStreamError,
} from 'lws-secure-streams'
import {
  type Declares,
  definePolicy,
  normalizePolicy,
  PolicyError,
  policyToTypes,
} from 'lws-secure-streams/policy'
import { use } from './helpers.js'

const root = process.cwd()

const client = { endpoint: 'localhost', port: 1 } as const

const defined = definePolicy({
  retry: [{ quick: { backoff: [1] } }],
  s: [
    {
      weather: {
        ...client,
        http_url: `/forecast/${use('region')}`,
        metadata: [{ region: '' }, { ctype: 'content-type:', length: 'content-length:' }],
      },
    },
    { chat: { ...client, protocol: 'ws' }, 'a-b': { ...client, metadata: [] } },
    { direct: { ...client, direct_proto_str: true, metadata: [{ x: '' }] } },
  ],
})

/** Never called: what is in it has to compile, or not to. */
export async function typesOf(context: Context) {
  const typed = await openContext({ policy: defined })
  const stream = typed.stream('weather', { metadata: { region: 'uk', ctype: 'text/plain' } })
  expectTypeOf(stream).toEqualTypeOf<SecureStream<'region' | 'ctype' | 'length'>>()
  stream.setMetadata('length', '1')
  expectTypeOf(stream.getMetadata('region')).toEqualTypeOf<string | undefined>()
  // @ts-expect-error: no such streamtype
  typed.stream('wether')
  // @ts-expect-error: no such metadata
  typed.stream('weather', { metadata: { regoin: 'uk' } })
  // @ts-expect-error: no such metadata
  stream.setMetadata('regoin', 'uk')
  // @ts-expect-error: no such metadata
  stream.getMetadata('regoin')

  typed.request('weather', { metadata: { region: 'uk' }, body: 'x' })
  // @ts-expect-error: no such streamtype
  typed.request('wether')
  // @ts-expect-error: no such metadata
  typed.request('weather', { metadata: { regoin: 'uk' } })

  expectTypeOf(typed.stream('chat')).toEqualTypeOf<SecureStream<never>>()
  expectTypeOf(typed.stream('a-b')).toEqualTypeOf<SecureStream<never>>()
  // @ts-expect-error: the streamtype has no metadata
  typed.stream('chat', { metadata: { region: 'uk' } })

  typed.stream('direct', { metadata: { x: 'y', 'content-type:': 'text/plain' } })
  // @ts-expect-error: neither metadata nor a header
  typed.stream('direct', { metadata: { y: 'x' } })

  typed.stream('weather', {
    state(own) {
      own.setMetadata('region', 'uk')
      // @ts-expect-error: no such metadata
      own.setMetadata('regoin', 'uk')
    },
    // @ts-expect-error: no such handler
    send() {},
  })

  // What knows nothing of the policy takes typed ones, and takes any name.
  expectTypeOf(typed).toExtend<Context>()
  expectTypeOf(stream).toExtend<SecureStream>()
  context.stream('anything', { metadata: { anything: 'x' } }).setMetadata('more', 'y')
  context.request('anything', { metadata: { anything: 'x' } })
  const untyped: PolicyInput = defined
  for (const source of [
    untyped,
    '{}',
    Buffer.from('{}'),
    new URL('file:///x'),
    {},
    defined as object,
  ])
    expectTypeOf(await openContext({ policy: source })).toEqualTypeOf<Context>()
  expectTypeOf(await openContext({ policyFile: 'x' })).toEqualTypeOf<Context>()
  expectTypeOf(await openContext({ policy: normalizePolicy('{}') })).toEqualTypeOf<Context>()
  expectTypeOf(await openContext({ policy: { s: [{ a: client }] } })).toEqualTypeOf<Context>()
  expectTypeOf(await openContext({ policy: definePolicy(untyped) })).toExtend<Context>()
  ;(await openContext({ policy: definePolicy(untyped) })).stream('x', { metadata: { y: 'z' } })

  const named = await openContext<{ one: Declares<'a' | 'b'>; two: Declares<never> }>({
    policyFile: 'x',
  })
  expectTypeOf(named.stream('one')).toEqualTypeOf<SecureStream<'a' | 'b'>>()
  // @ts-expect-error: no such streamtype
  named.stream('three')
}

/** Never called either: a defined policy refers only to names that it has. */
export function namesOf() {
  const retry = [{ quick: { backoff: [1] } }] as const
  definePolicy({ retry, s: [{ a: { ...client, retry: 'quick' } }] })
  // @ts-expect-error: no such retry
  definePolicy({ retry, s: [{ a: { ...client, retry: 'quik' } }] })
  // @ts-expect-error: no retries at all
  definePolicy({ s: [{ a: { ...client, retry: 'quick' } }] })
  const trust_stores = [{ name: 'mine', stack: [] }, { other: [] }] as const
  definePolicy({ trust_stores, s: [{ a: { ...client, tls_trust_store: 'mine' } }] })
  definePolicy({ trust_stores, s: [{ a: { ...client, tls_trust_store: 'other' } }] })
  // @ts-expect-error: no such trust store
  definePolicy({ trust_stores, s: [{ a: { ...client, tls_trust_store: 'yours' } }] })
  const auth = [{ name: 'who', type: 'sigv4', blob: 0 }] as const
  definePolicy({ auth, s: [{ a: { ...client, use_auth: 'who' } }] })
  // @ts-expect-error: no such auth
  definePolicy({ auth, s: [{ a: { ...client, use_auth: 'me' } }] })
  const metadata = [{ region: '' }] as const
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
  definePolicy({ s: [{ a: { ...client, metadata, http_url: 'a/${region}' } }] })
  // @ts-expect-error: no such metadata
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
  definePolicy({ s: [{ a: { ...client, metadata, http_url: 'a/${regoin}' } }] })
  // What is only known to be text is not checked.
  const text: string = 'x'
  definePolicy({ retry, s: [{ a: { ...client, retry: text, http_url: text } }] })
}

/** Never called either: the keys of a defined policy are known ones. */
export function keysOf() {
  // @ts-expect-error: no such key
  definePolicy({ retries: [] })
  // @ts-expect-error: no such key of a streamtype
  definePolicy({ s: [{ a: { ...client, http_metod: 'GET' } }] })
  // @ts-expect-error: a wrong value
  definePolicy({ s: [{ a: { ...client, tls: 1 } }] })
  definePolicy({ $schema: 'x', s: [{ a: { ...client, protocol: 'h1get', aux: '/' } }] })
}

describe('definePolicy', () => {
  test('returns the policy as it is, whose types know its names', async () => {
    const policy = { s: [{ a: { ...client } }] }
    assert.equal(definePolicy(policy), policy)
    await using context = await openContext({ policy: defined })
    assert.equal(context.stream('chat').streamtype, 'chat')
    assert.throws(
      () => (context as Context).stream('other'),
      (error) => error instanceof SecureStreamError && error.code === 'ERR_SS_UNKNOWN_STREAMTYPE',
    )
  })
})

const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const compilerOptions = {
  module: 'node20',
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
}

/** What the compiler says of these files. */
function compile(name: string, files: Record<string, string>) {
  const folder = path.join(root, 'build', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text)
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const { status, stdout } = spawnSync(
    process.execPath,
    [compiler, '-p', folder, '--extendedDiagnostics'],
    { encoding: 'utf8' },
  )
  return { status, stdout, instantiations: Number(/Instantiations:\s+(\d+)/.exec(stdout)?.[1]) }
}

describe('definePolicy and the compiler', () => {
  test('the names of a JSON module are known', () => {
    const { status, stdout } = compile('types-of-json', {
      'policy.json': JSON.stringify({
        retry: [{ quick: { backoff: [1] } }],
        s: [
          {
            weather: { endpoint: 'x', protocol: 'h1', metadata: [{ region: '' }, { type: 'a:' }] },
          },
          { chat: { endpoint: 'x', protocol: 'ws', retry: 'quick' } },
        ],
      }),
      'use.ts': `import { openContext } from 'lws-secure-streams'
import { definePolicy } from 'lws-secure-streams/policy'
import json from './policy.json'
export async function use() {
const context = await openContext({ policy: definePolicy(json) })
context.stream('weather', { metadata: { region: 'x' } }).setMetadata('type', 'x')
context.stream('chat')
// @ts-expect-error
context.stream('wether')
// @ts-expect-error
context.stream('weather').setMetadata('regoin', 'x')
// @ts-expect-error
context.stream('chat').setMetadata('region', 'x')
}
`,
    })
    assert.equal(status, 0, stdout)
  })

  test('says which names there are, and is not slow with many', () => {
    const streamtypes = Array.from(
      { length: 200 },
      (_, n) =>
        `{ s${n}: { endpoint: 'x', port: 1, retry: 'quick', http_url: '${use('a')}/${use('b')}', metadata: [{ a: '' }, { b: '' }] } },`,
    )
    const written = (retry: string) => `import { definePolicy } from 'lws-secure-streams/policy'
export const policy = definePolicy({
retry: [{ quick: { backoff: [1] } }, { slow: { backoff: [2] } }],
s: [
${streamtypes.join('\n')}
{ last: { endpoint: 'x', port: 1,
retry: '${retry}' } },
],
})
`
    const good = compile('types-of-many', { 'use.ts': written('slow') })
    assert.equal(good.status, 0, good.stdout)
    assert.ok(good.instantiations < 200_000, `${good.instantiations} instantiations`)
    const bad = compile('types-of-many', { 'use.ts': written('slo') })
    assert.match(bad.stdout, /use\.ts\(206,1\): error .*"slo".*"quick" \| "slow"/)
  })
})

describe('policyToTypes', () => {
  test('gives a module of the streamtypes and their metadata', () => {
    assert.equal(
      policyToTypes(defined).replace(/^\/\/.*\n/gm, ''),
      `import type { Declares } from 'lws-secure-streams/policy'
export type Streamtypes = {
  weather: Declares<"region" | "ctype" | "length">
  chat: Declares<never>
  "a-b": Declares<never>
  direct: Declares<"x" | \`\${string}:\`>
}
`,
    )
    assert.match(policyToTypes('{}'), /export type Streamtypes = \{\}\n$/)
  })

  test('says what is wrong with a policy', () => {
    assert.throws(
      () => policyToTypes('{ "s": 1 }', { file: 'policy.json' }),
      (error) => error instanceof PolicyError && error.message.includes('policy.json:1:8'),
    )
  })

  test('is what the compiler understands, whatever the names', () => {
    const names = [
      'constructor',
      '__proto__',
      'new',
      "it's",
      '"',
      '\\',
      '`',
      use('x'),
      'é',
      '1',
      '*/',
      '\u2028',
    ]
    const policy = JSON.stringify({
      s: names.map((name) => ({ [name]: { ...client, metadata: [{ [name]: '' }] } })),
    }).replace('"____proto__"', '"__proto__"')
    const folder = path.join(root, 'build', 'types-test')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'streamtypes.ts'), policyToTypes(policy))
    const uses = names.map((name) => {
      const literal = JSON.stringify(name).replace('\u2028', '\\u2028')
      return `context.stream(${literal}).setMetadata(${literal}, 'x')
// @ts-expect-error
context.stream(${literal}).setMetadata('other', 'x')`
    })
    writeFileSync(
      path.join(folder, 'use.ts'),
      `import { type Context, openContext } from 'lws-secure-streams'
import type { Streamtypes } from './streamtypes.js'
export async function use() {
const context = await openContext<Streamtypes>({ policyFile: 'policy.json' })
${uses.join('\n')}
// @ts-expect-error
context.stream('other')
return context satisfies Context
}
`,
    )
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stdout)
  })
})
