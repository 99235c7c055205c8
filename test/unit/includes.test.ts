// Which folders of native/ may include which, and who knows what a stream is in lws.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { test } from 'node:test'

const native = join(process.cwd(), 'native')
const allowed = { lws: ['lws'], loop: ['loop', 'lws'] }

/** The folder of native/ that an include in `folder` leads to, if it leads to one. */
function leadsTo(folder: string, included: string): string | undefined {
  const file = [join(native, folder, included), join(native, included)].find(existsSync)
  return file && relative(native, file).split(sep)[0]
}

for (const [folder, others] of Object.entries(allowed)) {
  test(`native/${folder} includes nothing of native/ but ${others.join(' and ')}`, () => {
    const wrong = readdirSync(join(native, folder)).flatMap((file) =>
      [
        ...readFileSync(join(native, folder, file), 'utf8').matchAll(
          /^#\s*include\s*["<](.+)[">]/gm,
        ),
      ]
        .filter(([, included]) => !others.includes(leadsTo(folder, String(included)) ?? folder))
        .map(([line]) => `${file}: ${line}`),
    )
    assert.deepEqual(wrong, [])
  })
}

test('only native/lws names the handle of a stream: others go through a link', () => {
  const wrong = ['context', 'loop', 'node', 'stream'].flatMap((folder) =>
    readdirSync(join(native, folder))
      .filter((file) =>
        /\blws_ss(?:pc)?_(?:handle|create)/.test(readFileSync(join(native, folder, file), 'utf8')),
      )
      .map((file) => `native/${folder}/${file}`),
  )
  assert.deepEqual(wrong, [])
})
