import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'

const folder = path.join('deps', 'libwebsockets')
const patches = path.join(folder, 'patches')
const COMMIT = /\b[0-9a-f]{9}\b/g

interface Row {
  commits: string[]
  here: string
}

const document = readFileSync(path.join(folder, 'SECURITY.md'), 'utf8')
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line): Row => {
    const cells = line.split('|').map((cell) => cell.trim())
    return { commits: line.match(COMMIT) ?? [], here: cells.at(-2) ?? '' }
  })
  .filter(({ commits }) => commits.length > 0)

/** The commits of upstream that the header of a patch names; `same`: as mended by it. */
function namedIn(patch: string): { commit: string; same: boolean }[] {
  const [header = ''] = readFileSync(path.join(patches, patch), 'utf8').split('\n---\n')
  const named = [...header.matchAll(/^ ?Upstream: .*$|\(cf\. its .*\)/gm)]
  return named.flatMap(([text]) =>
    (text.match(COMMIT) ?? []).map((commit) => ({ commit, same: !text.startsWith('(') })),
  )
}

describe('deps/libwebsockets/SECURITY.md', () => {
  it('says of every fix where it stands', () => {
    assert.ok(rows.length > 50)
    for (const { commits, here } of rows)
      assert.match(
        here,
        /^(here, by `\d{4}-\S+\.patch`|not needed: .+|not built: `LWS_\w+`|for servers|for proxies|open)$/,
        `${commits}`,
      )
  })

  it('names patches that are in the series', () => {
    const series = readFileSync(path.join(patches, 'series'), 'utf8').split('\n')
    for (const { here } of rows)
      for (const [, patch = ''] of here.matchAll(/`(\d{4}-\S+\.patch)`/g))
        assert.ok(series.includes(patch), patch)
  })

  it('has every fix of upstream that a patch names', () => {
    const listed = new Map<string, string[]>()
    for (const { commits, here } of rows)
      for (const commit of commits) listed.set(commit, [...(listed.get(commit) ?? []), here])
    for (const patch of readdirSync(patches).filter((name) => name.endsWith('.patch')))
      for (const { commit, same } of namedIn(patch)) {
        const where = listed.get(commit) ?? []
        assert.ok(where.length > 0, `${commit}, which ${patch} names, is not there`)
        assert.ok(
          !same || where.some((here) => here.startsWith('here, by ')),
          `${commit}, which ${patch} mends, is ${where}`,
        )
      }
  })

  it('names tests that there are', () => {
    for (const [, file = ''] of document.matchAll(/`(test\/[^`]+)`/g))
      assert.ok(existsSync(file), file)
  })

  it('says of options what the build has', (t) => {
    const config = path.join('build', 'native', 'libwebsockets', 'lws_config.h')
    if (!existsSync(config)) return t.skip('nothing has been built here')
    const text = readFileSync(config, 'utf8')
    const isOn = (option: string) => new RegExp(`^#define ${option}\\b`, 'm').test(text)
    for (const { here } of rows) {
      const option = /`(LWS_\w+)`/.exec(here)?.[1]
      if (option) assert.equal(isOn(option), here.startsWith('not needed'), option)
    }
  })

  it('leaves to servers and proxies what only they need, while there are none', async () => {
    const { openContext } = await import('lws-secure-streams')
    const context = await openContext({ policy: {} })
    if (rows.some(({ here }) => here === 'for servers'))
      assert.throws(() => context.serve(), { code: 'ERR_SS_NOT_IMPLEMENTED' })
    if (rows.some(({ here }) => here === 'for proxies'))
      assert.throws(() => context.serveProxy(), { code: 'ERR_SS_NOT_IMPLEMENTED' })
    await context.close()
  })
})
