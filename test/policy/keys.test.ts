import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { checkPolicy, type PolicySource } from 'lws-secure-streams/policy'
import { KEYS, KEYS_BY_PLACE } from './helpers.js'

const root = process.cwd()
const lws = path.join(root, 'deps', 'libwebsockets', 'source')
const inLws = (...parts: string[]) => readFileSync(path.join(lws, ...parts), 'utf8')

/** The sections of the specification that are about keys, with the chapter of each. */
function specifiedKeys(): string[] {
  const text = inLws('lib', 'secure-streams', 'README.md')
  return Array.from(text.matchAll(/^### (`.+)$/gm), ([, heading = '']) => heading)
}

/** The tokens of lws's own parser of policies. */
function parsedTokens(): string[] {
  const text = inLws('lib', 'secure-streams', 'policy-json.c')
  const [, list = ''] = /lejp_tokens_policy\[\] = \{(.*?)\n\};/s.exec(text) ?? []
  return Array.from(list.matchAll(/^\t"(.+)",/gm), ([, token = '']) => token)
}

const PLACES_OF_LWS = {
  '': 'root',
  'retry[].*.': 'retry',
  'trust_stores[].': 'trust_store',
  'auth[].': 'auth',
  'metrics[].': 'metric',
  's[].*.': 'streamtype',
} as const

describe('the table of keys', () => {
  test('has every key that the specification has a section about', () => {
    const headings = specifiedKeys()
    assert.ok(headings.length > 70)
    const known = new Set(KEYS.map(({ heading }) => heading))
    assert.deepEqual(
      headings.filter((heading) => !known.has(heading)),
      [],
    )
    // A streamtype's `retry` and the policy's have a section each.
    for (const heading of new Set(headings)) {
      const sections = headings.filter((other) => other === heading).length
      assert.ok(KEYS.filter((spec) => spec.heading === heading).length >= sections, heading)
    }
  })

  test('names only sections that the specification has, by a name that the key goes by', () => {
    const headings = new Set(specifiedKeys())
    for (const { name, aliases = [], place, heading } of KEYS) {
      if (heading === null) continue
      assert.ok(headings.has(heading), `${name}: there is no section ${heading}`)
      const isNamed = [name, ...aliases, 'trust_stores'].some((alias) =>
        new RegExp(`(^|[\\s\`.])${alias}\``, 'i').test(heading),
      )
      assert.ok(isNamed, `${place} ${name}: ${heading}`)
    }
  })

  test('says of no key that the specification lacks it when it has it', () => {
    const headings = specifiedKeys().join()
    for (const { name, aliases = [], heading, inert } of KEYS)
      if (heading === null && inert === undefined)
        for (const spelling of [name, ...aliases])
          assert.ok(!headings.includes(`\`${spelling}\``), spelling)
  })

  test("has every key that lws's parser knows", () => {
    const tokens = parsedTokens()
    assert.ok(tokens.length > 100)
    for (const token of tokens) {
      const [, prefix = '', name = ''] =
        /^((?:retry\[\]\.\*|trust_stores\[\]|auth\[\]|metrics\[\]|s\[\]\.\*)\.)?([\w-]+)(\[\](\.\*)?)?$/.exec(
          token,
        ) ?? []
      const place = PLACES_OF_LWS[prefix as keyof typeof PLACES_OF_LWS]
      assert.ok(KEYS_BY_PLACE[place]?.has(name), token)
    }
  })

  test("tells lws of a key by a token of lws's parser only", () => {
    const tokens = new Set(parsedTokens())
    const prefixes = Object.fromEntries(
      Object.entries(PLACES_OF_LWS).map(([prefix, place]) => [place, prefix]),
    )
    for (const { place, lws: token } of KEYS)
      if (token !== undefined) assert.ok(tokens.has(`${prefixes[place]}${token}`), token)
  })

  test('names build options that lws has and that the addon is built with', () => {
    const options = inLws('CMakeLists.txt')
    const ours = readFileSync(path.join(root, 'cmake', 'libwebsockets.cmake'), 'utf8')
    const byDefault = /option\((\w+) ".*" ON\)/
    const needed = KEYS.flatMap(({ needs = {} }) =>
      typeof needs === 'string' ? [needs] : Object.values(needs),
    )
    for (const needs of new Set(needed)) {
      const declared = options.split('\n').find((line) => line.includes(`option(${needs} `))
      assert.ok(declared, `lws has no option ${needs}`)
      assert.ok(byDefault.test(declared) || ours.includes(needs), needs)
    }
  })

  test('has one row for each spelling in each place, with one sentence', () => {
    const spellings = KEYS.flatMap(({ place, name, aliases = [] }) =>
      [name, ...aliases].map((spelling) => `${place} ${spelling}`),
    )
    assert.equal(new Set(spellings).size, spellings.length)
    for (const { name, summary } of KEYS) assert.match(summary, /^[^.]+(?:\.[^.\s][^.]*)*\.$/, name)
  })

  test('is what the types and the reference were made from', () => {
    const args = [path.join(root, 'scripts', 'generate.mjs'), '--check']
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
})

const raw = { protocol: 'raw', endpoint: 'e', port: 1 }

test('a policy may name its schema', () => {
  const source = { $schema: './policy.schema.json', s: [{ a: raw }] }
  const unwanted = ({ code }: { code: string }) => code !== 'missing-retry'
  assert.deepEqual(checkPolicy(source).filter(unwanted), [])
})

describe('metrics', () => {
  const findings = (metrics: unknown) =>
    checkPolicy({
      metrics,
      retry: [{ r: {} }],
      s: [{ a: { ...raw, retry: 'r' } }],
    } as PolicySource)

  test('are checked, and said to have no effect', () => {
    const metric = { name: 'n.*', us_schedule: 1, us_halflife: 2, min_outlier: 3, report: 'a' }
    assert.deepEqual(
      findings([metric]).map(({ code, path }) => [code, path]),
      [['no-effect', 'metrics']],
    )
    assert.deepEqual(
      findings([{ nme: 'n', us_schedule: '?' }]).map(({ code, path }) => [code, path]),
      [
        ['no-effect', 'metrics'],
        ['unknown-key', 'metrics[0].nme'],
        ['wrong-type', 'metrics[0].us_schedule'],
      ],
    )
    assert.equal(findings({})[0]?.code, 'no-effect')
    assert.equal(findings({})[1]?.code, 'wrong-type')
  })
})
