// Turns the patches of libwebsockets into a git branch, one commit a patch, and such a branch into patches.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { main, Stop, say } from './console.mjs'
import { FIELDS, findNeeds, parsePatch, readPatch } from './lws-patch-files.mjs'
import { formatSeries, readFolders } from './lws-patch-folders.mjs'
import { README, withPatchTables } from './lws-patch-tables.mjs'
import {
  applyPatch,
  extract,
  patchFolder,
  readPin,
  readSeries,
  stampSource,
} from './lws-source.mjs'
import { cachedTarball } from './lws-tarball.mjs'
import { capture } from './processes.mjs'

const USAGE =
  'usage: node scripts/lws-patches.mjs branch FOLDER (makes the repository) | ' +
  'export FOLDER (writes the patches) | check (compares their headers with what they change)'

/** The diff without what says nothing of the change: blob ids, and the function that a hunk is in. */
const plain = (diff) =>
  diff.replace(/^index .*\n/gm, '').replace(/^(@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@).*$/gm, '$1')

const nameOf = (file) => file.replace(/\.patch$/, '')
const readAll = () => readSeries().map((file) => readPatch(nameOf(file)))

const git = (folder, args, options = {}) => {
  const identity = ['-c', 'user.name=lws-secure-streams', '-c', 'user.email=none@invalid']
  const result = capture('git', [...identity, ...args], { cwd: folder, ...options })
  if (!result.ok) throw new Stop(`git ${args[0]} in ${folder}: ${result.stderr.trim()}`)
  return result.stdout
}

function commitAll(folder, message) {
  git(folder, ['add', '--all', '--force', '.'])
  git(folder, ['commit', '--quiet', '--allow-empty', '--cleanup=verbatim', '--file=-'], {
    input: message,
  })
}

async function makeBranch(folder) {
  if (existsSync(folder)) throw new Stop(`${folder} exists`)
  const pin = readPin()
  extract(await cachedTarball(pin), pin, folder)
  git(folder, ['init', '--quiet', '--initial-branch=patched'])
  commitAll(folder, `libwebsockets ${pin.version}\n`)
  git(folder, ['tag', 'upstream'])
  const patches = readAll()
  for (const { name, header } of patches) {
    applyPatch(`${name}.patch`, folder)
    commitAll(folder, `${name}\n\n${header}\n`)
  }
  appendFileSync(path.join(folder, '.git', 'info', 'exclude'), '.lws-secure-streams-stamp\n')
  stampSource(folder)
  say(`${folder} has ${patches.length} commits, one a patch, above the tag upstream`)
}

function readCommit(folder, commit) {
  const message = git(folder, ['show', '--no-patch', '--format=%B', commit])
  const [subject, ...rest] = message.split('\n')
  const text = rest.join('\n').trim()
  if (!/^[a-z0-9]+\/[a-z0-9-]+$/.test(subject)) {
    throw new Stop(`the commit '${subject}' is not named as a patch is: folder/what-it-is-about`)
  }
  if (!text.startsWith('Description: ')) throw new Stop(`${subject} has no DEP-3 header`)
  const diff = git(folder, ['show', '--format=', '--no-renames', '--no-ext-diff', commit])
  return parsePatch(subject, `${text}\n---\n${plain(diff)}`)
}

/** A list in a header, in lines of no more than 80 characters. */
function wrapped(field, items) {
  const lines = [`${field}:`]
  for (const [index, item] of items.entries()) {
    const text = ` ${item}${index < items.length - 1 ? ',' : ''}`
    if (lines.at(-1).length + text.length > 80) lines.push('')
    lines[lines.length - 1] += text
  }
  return lines.join('\n')
}

const needsField = (needs) => wrapped('Needs', needs.length > 0 ? needs : ['none'])
const NEEDS = /^Needs:.*(?:\n .*)*/m

function write(patches) {
  let written = 0
  const allNeeds = findNeeds(patches)
  for (const [index, { name, header, diff }] of patches.entries()) {
    const file = path.join(patchFolder, `${name}.patch`)
    const text = `${header.replace(NEEDS, needsField(allNeeds[index]))}\n---\n${diff}`
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    written++
  }
  return written
}

const patchFiles = () =>
  readdirSync(patchFolder, { recursive: true })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith('.patch'))

function exportPatches(folder) {
  const commits = git(folder, ['rev-list', '--reverse', 'upstream..HEAD'])
    .split('\n')
    .filter(Boolean)
  const patches = commits.map((commit) => readCommit(folder, commit))
  const names = patches.map(({ name }) => name)
  if (new Set(names).size < names.length)
    throw new Stop('two commits have the same name: squash them')
  const series = formatSeries(names, readFolders())
  const written = write(patches)
  for (const file of patchFiles())
    if (!names.includes(nameOf(file))) rmSync(path.join(patchFolder, file))
  writeFileSync(path.join(patchFolder, 'series'), series)
  stampSource(folder)
  say(`${patches.length} patches, of which ${written} are new or changed; now: npm run generate`)
}

function* faults(patches) {
  const listed = patches.map(({ name }) => `${name}.patch`)
  for (const file of patchFiles()) if (!listed.includes(file)) yield `${file} is not in series`
  const order = formatSeries(listed.map(nameOf), readFolders())
  if (order !== readFileSync(path.join(patchFolder, 'series'), 'utf8'))
    yield 'series does not have its patches folder by folder'
  const allNeeds = findNeeds(patches)
  for (const [index, { name, header, fields }] of patches.entries()) {
    for (const field of FIELDS) if (!fields[field]) yield `${name} has no ${field}`
    const needs = needsField(allNeeds[index])
    if (NEEDS.exec(header)?.[0] !== needs) yield `${name} has to say\n${needs}`
  }
  const readme = readFileSync(README, 'utf8')
  if (withPatchTables(readme) !== readme) yield `${README} is out of date: npm run generate`
}

function check() {
  const found = [...faults(readAll())]
  if (found.length > 0) throw new Stop(found.join('\n'))
}

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [command, folder] = positionals
  if (command === 'check' && positionals.length === 1) return check()
  if (!folder || positionals.length > 2) throw new Stop(USAGE)
  if (command === 'branch') await makeBranch(path.resolve(folder))
  else if (command === 'export') exportPatches(path.resolve(folder))
  else throw new Stop(USAGE)
})
