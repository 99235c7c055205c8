// Each file begins with a comment that says what lives there.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const FOLDERS = ['bench', 'examples', 'lib', 'native', 'scripts', 'test']
// The names of the tests say what lives in their files.
const IS_SOURCE = /(?<!\.test)\.(m?ts|mjs|cc?|h)$/

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => IS_SOURCE.test(name))
    .map((name) => path.join(folder, name)),
)

/** What is at the beginning of a file, and behind that. */
function beginning(file: string): { comment: string; rest: string } {
  const text = readFileSync(file, 'utf8').replace(/^#!.*\n/, '')
  const comment = /^(?:\/\*[\s\S]*?\*\/\n|(?:\/\/.*\n)+)/.exec(text)?.[0] ?? ''
  return { comment, rest: text.slice(comment.length) }
}

test('each file begins with a comment that is a sentence', () => {
  const wrong = files.filter((file) => {
    const text = beginning(file).comment.replace(/[/*\s]+/g, ' ')
    return !/^ [A-Z`].*[.:?]/.test(text)
  })
  assert.deepEqual(wrong, [])
})

test('the comment is about the file, or about all that the file exports', () => {
  const wrong = files.filter((file) => {
    const { rest } = beginning(file)
    const exported = rest.match(/^export (?![*{]|type \{)/gm)?.length ?? 0
    return /^(?!import |export [*{]|export type \{)\w/.test(rest) && exported !== 1
  })
  assert.deepEqual(wrong, [])
})
