// Cheap answers to "has anything changed since the last time?"
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

function* filesBelow(entry) {
  if (!existsSync(entry)) return
  if (!statSync(entry).isDirectory()) return void (yield entry)
  for (const name of readdirSync(entry).sort()) yield* filesBelow(path.join(entry, name))
}

/** A digest of the names, sizes and times of files and folders, and of further values. */
export function stateOf(entries, ...values) {
  const hash = createHash('sha256').update(JSON.stringify(values))
  for (const entry of entries) {
    for (const file of filesBelow(entry)) {
      const { size, mtimeMs } = statSync(file)
      hash.update(`${file}\0${size}\0${mtimeMs}\n`)
    }
  }
  return hash.digest('hex')
}

export const hasStamp = (file, state) => existsSync(file) && readFileSync(file, 'utf8') === state

export function writeStamp(file, state) {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, state)
}
