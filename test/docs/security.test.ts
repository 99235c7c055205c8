import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
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

const series = readFileSync(path.join(patches, 'series'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

/** The commits of upstream that mend what a patch mends, as its header has them. */
function namedIn(patch: string): string[] {
  const [header = ''] = readFileSync(path.join(patches, patch), 'utf8').split('\n---\n')
  return /^Upstream: .*(?:\n .*)*/m.exec(header)?.[0].match(COMMIT) ?? []
}

describe('deps/libwebsockets/SECURITY.md', () => {
  it('says of every fix where it stands', () => {
    assert.ok(rows.length > 50)
    for (const { commits, here } of rows)
      assert.match(
        here,
        /^(here, by `[a-z0-9]+\/[a-z0-9-]+\.patch`|not needed: .+|not built: `LWS_\w+`|for proxies|open)$/,
        `${commits}`,
      )
  })

  it('names patches that are in the series', () => {
    for (const { here } of rows)
      for (const [, patch = ''] of here.matchAll(/`(\S+\.patch)`/g))
        assert.ok(series.includes(patch), patch)
  })

  it('has every fix of upstream that a patch names, and says that it is here by that', () => {
    for (const patch of series)
      for (const commit of namedIn(patch)) {
        const where = rows.filter(({ commits }) => commits.includes(commit))
        assert.ok(
          where.some(({ here }) => here === `here, by \`${patch}\``),
          `${commit}, which ${patch} names, is ${JSON.stringify(where)}`,
        )
      }
  })

  it('names no patch that does not name the fix', () => {
    for (const { commits, here } of rows) {
      const patch = /`(\S+\.patch)`/.exec(here)?.[1]
      if (patch) for (const commit of commits) assert.ok(namedIn(patch).includes(commit), commit)
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

  it('leaves to proxies what only they need, while there are none', async () => {
    const { openContext } = await import('lws-secure-streams')
    await using context = await openContext({ policy: {} })
    if (rows.some(({ here }) => here === 'for proxies'))
      assert.throws(() => context.serveProxy(), { code: 'ERR_SS_NOT_IMPLEMENTED' })
  })
})
