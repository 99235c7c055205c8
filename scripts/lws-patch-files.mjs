// Reads the patches of libwebsockets: their headers, what they change, and what each builds on.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { patchFolder } from './lws-source.mjs'

/** What a header has to have, in this order. */
export const FIELDS = ['Description', 'Shown-by', 'Upstream', 'Needs', 'Forwarded', 'Last-Update']

/** The fields of a DEP-3 header; the lines of a field are joined by line breaks. */
export function parseHeader(text) {
  const fields = {}
  let name = ''
  for (const line of text.trimEnd().split('\n')) {
    const field = /^([A-Z][\w-]*): ?(.*)$/.exec(line)
    if (field) {
      name = field[1]
      fields[name] = field[2]
    } else if (name) fields[name] += `\n${line.trim()}`
  }
  return fields
}

/** The hunks of a diff, by file: where each begins once those before it are applied, and its lines. */
function parseDiff(diff) {
  const files = new Map()
  let hunks = []
  for (const line of diff.split('\n')) {
    const file = /^(?:---|\+\+\+) [ab]\/(.*)$/.exec(line)
    const hunk = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@/.exec(line)
    if (file) {
      hunks = files.get(file[1]) ?? []
      files.set(file[1], hunks)
    } else if (hunk) {
      hunks.push({ at: Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1), lines: [] })
    } else if (hunks.length > 0 && /^[ +-]/.test(line)) hunks.at(-1).lines.push(line)
  }
  return files
}

export function parsePatch(name, text) {
  const end = text.search(/^---$/m)
  const header = text.slice(0, end).trimEnd()
  const diff = text.slice(end + 4)
  const files = parseDiff(diff)
  return { name, header, fields: parseHeader(header), diff, files }
}

export const readPatch = (name) =>
  parsePatch(name, readFileSync(path.join(patchFolder, `${name}.patch`), 'utf8'))

/** The earlier patches whose lines, or whose cuts, are amid the lines that a hunk wants to find. */
function touchedBy(patch, file, lines) {
  const touched = new Set()
  for (const hunk of patch.files.get(file)) {
    let at = hunk.at
    for (const [index, line] of hunk.lines.entries()) {
      while (lines.length <= at) lines.push({ cuts: [] })
      if (line.startsWith('+')) {
        lines.splice(at++, 0, { owner: patch.name, cuts: [] })
        continue
      }
      const { owner, cuts } = lines[at]
      if (owner) touched.add(owner)
      if (index > 0) for (const cut of cuts) touched.add(cut)
      if (line.startsWith(' ')) at++
      else {
        lines.splice(at, 1)
        lines[at] ??= { cuts: [] }
        lines[at].cuts = [...cuts, ...lines[at].cuts, patch.name]
      }
    }
  }
  return touched
}

const FUNCTION = /^(?:[a-z][\w *]*[ *])?(\w+)\(/
const NAMED = [
  /^#\s*define (\w+)/,
  /^} (\w+);/,
  /^(?:struct|enum) (\w+) \{/,
  /^\t(LWS\w+)(?: = .*)?,/,
]
const MEMBER = /^\t[\w *]+[\t *](\w+)(?:\[.*\])?(?::\d+)?;/

/** The functions, macros, types and members that lines of code define or declare. */
function namesIn(file, lines) {
  const names = []
  for (const line of lines) {
    const found = FUNCTION.exec(line) ?? NAMED.map((form) => form.exec(line)).find(Boolean)
    const member = file.endsWith('.h') ? MEMBER.exec(line)?.[1] : undefined
    if (found) names.push(found[1])
    else if (member?.includes('_')) names.push(member)
  }
  return names
}

const linesOf = (patch, mark) =>
  [...patch.files].map(([file, hunks]) => [
    file,
    hunks
      .flatMap(({ lines }) => lines.filter((line) => mark.includes(line[0])))
      .map((line) => line.slice(1)),
  ])

/** The patch that introduces a name, for all names that one introduces. */
function introductions(patches) {
  const introducedBy = new Map()
  const known = new Set(
    patches.flatMap((patch) =>
      linesOf(patch, '-').flatMap(([file, lines]) => namesIn(file, lines)),
    ),
  )
  for (const patch of patches)
    for (const [file, lines] of linesOf(patch, '+'))
      for (const name of namesIn(file, lines))
        if (!known.has(name) && !introducedBy.has(name)) introducedBy.set(name, patch.name)
  return introducedBy
}

/** What each patch builds on: whose lines its context has, and whose names it uses. */
export function findNeeds(patches) {
  const files = new Map()
  const introducedBy = introductions(patches)
  return patches.map((patch) => {
    const needs = new Set()
    for (const file of patch.files.keys()) {
      const lines = files.get(file) ?? []
      files.set(file, lines)
      for (const name of touchedBy(patch, file, lines)) needs.add(name)
    }
    for (const [, lines] of linesOf(patch, '+'))
      for (const line of lines)
        for (const [word] of line.matchAll(/\w+/g))
          if (introducedBy.has(word)) needs.add(introducedBy.get(word))
    needs.delete(patch.name)
    return patches.map(({ name }) => name).filter((name) => needs.has(name))
  })
}
