// Turns the patches of libwebsockets into a git branch, one commit a patch, and such a branch into patches.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { main, Stop, say } from './console.mjs'
import { applyPatch, extract, patchFolder, readPin, readSeries } from './lws-source.mjs'
import { cachedTarball } from './lws-tarball.mjs'
import { capture } from './processes.mjs'

const USAGE =
  'usage: node scripts/lws-patches.mjs branch FOLDER (makes the repository) | export FOLDER (writes the patches)'

/** What stands above the line `---` of a patch file. */
const header = (text) => text.slice(0, text.search(/^---$/m)).trimEnd()

/** The diff without what says nothing of the change: blob ids, and the function that a hunk is in. */
const plain = (diff) =>
  diff.replace(/^index .*\n/gm, '').replace(/^(@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@).*$/gm, '$1')

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
  const series = readSeries()
  for (const name of series) {
    applyPatch(name, folder)
    const text = readFileSync(path.join(patchFolder, name), 'utf8')
    commitAll(folder, `${name.replace(/\.patch$/, '')}\n\n${header(text)}\n`)
  }
  say(`${folder} has ${series.length} commits, one a patch, above the tag upstream`)
}

function readCommit(folder, commit) {
  const message = git(folder, ['show', '--no-patch', '--format=%B', commit])
  const [subject, ...rest] = message.split('\n')
  const text = rest.join('\n').trim()
  if (!/^\d{4}-[\w-]+$/.test(subject)) {
    throw new Stop(`the commit '${subject}' is not named as a patch is: NNNN-what-it-is-about`)
  }
  if (!text.startsWith('Description: ')) throw new Stop(`${subject} has no DEP-3 header`)
  const diff = git(folder, ['show', '--format=', '--no-renames', '--no-ext-diff', commit])
  return { name: `${subject}.patch`, header: text, diff: plain(diff) }
}

function exportPatches(folder) {
  const commits = git(folder, ['rev-list', '--reverse', 'upstream..HEAD'])
    .split('\n')
    .filter(Boolean)
  const patches = commits.map((commit) => readCommit(folder, commit))
  const names = new Set(patches.map(({ name }) => name))
  if (names.size < patches.length) throw new Stop('two commits have the same name: squash them')
  let written = 0
  for (const { name, header: head, diff } of patches) {
    const file = path.join(patchFolder, name)
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '---\n'
    const same =
      header(before) === head && plain(before.slice(before.search(/^---$/m) + 4)) === diff
    if (same) continue
    writeFileSync(file, `${head}\n---\n${diff}`)
    written++
  }
  for (const name of readdirSync(patchFolder)) {
    if (name.endsWith('.patch') && !names.has(name)) rmSync(path.join(patchFolder, name))
  }
  const comments = readFileSync(path.join(patchFolder, 'series'), 'utf8').match(/^#.*\n/gm) ?? []
  writeFileSync(
    path.join(patchFolder, 'series'),
    [...comments, ...names, ''].join('\n').replace('\n\n', '\n'),
  )
  say(`${patches.length} patches, of which ${written} are new or changed`)
}

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [command, folder] = positionals
  if (!folder || positionals.length > 2) throw new Stop(USAGE)
  if (command === 'branch') await makeBranch(path.resolve(folder))
  else if (command === 'export') exportPatches(path.resolve(folder))
  else throw new Stop(USAGE)
})
