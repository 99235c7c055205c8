// The steps of a release, which .github/workflows/release.yml takes when a tag is pushed:
//
//   node scripts/release.mjs check TAG              whether the tag, the version and the changelog agree
//   node scripts/release.mjs publish TAG TARBALL    to npm, as the workflow and without a token
//   node scripts/release.mjs announce TAG TARBALL   on GitHub, with the changelog's section
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readChangelog, sectionOf } from './changelog.mjs'
import { main, Stop } from './console.mjs'
import { inRoot } from './paths.mjs'
import { capture, npmCommand, run, runNpm } from './processes.mjs'

// The first that publishes as a workflow.
const NPM_MINIMUM = [11, 5, 1]

const readJson = (name) => JSON.parse(readFileSync(inRoot(name), 'utf8'))
const isPrerelease = (version) => version.includes('-')

function checkRepository({ repository }) {
  const { GITHUB_REPOSITORY: here, GITHUB_SERVER_URL: server } = process.env
  if (!here) return
  const url = repository?.url ?? ''
  if (url.replace(/^git\+/, '').replace(/\.git$/, '') === `${server}/${here}`) return
  const wanted = `git+${server}/${here}.git`
  throw new Stop(`package.json's repository.url is "${url}": npm wants ${wanted} for provenance`)
}

/** Stops unless everything says that this is the version of the tag; returns that. */
function check(tag) {
  const manifest = readJson('package.json')
  const { version } = manifest
  if (tag !== `v${version}`) throw new Stop(`the tag is ${tag}, and package.json says ${version}`)
  const locked = readJson('package-lock.json').version
  if (locked !== version) throw new Stop(`package-lock.json says ${locked}, not ${version}`)
  const { heading } = sectionOf(readChangelog(), version)
  if (!/^\[?[\w.+-]+\]? - \d{4}-\d\d-\d\d$/.test(heading)) {
    throw new Stop(`CHANGELOG.md has "## ${heading}", not "## [${version}] - " and a date`)
  }
  checkRepository(manifest)
  return version
}

function checkNpm() {
  const [command, ...first] = npmCommand()
  const found = capture(command, [...first, '--version']).stdout.trim()
  const parts = found.split('.').map(Number)
  const at = NPM_MINIMUM.findIndex((least, index) => parts[index] !== least)
  if (at < 0 || parts[at] > NPM_MINIMUM[at]) return
  throw new Stop(
    `npm ${NPM_MINIMUM.join('.')} or later publishes without a token, this is ${found}`,
  )
}

const steps = {
  check,
  publish(tag, tarball) {
    const version = check(tag)
    checkNpm()
    const channel = isPrerelease(version) ? 'next' : 'latest'
    runNpm([
      'publish',
      path.resolve(tarball),
      '--provenance',
      '--access',
      'public',
      '--tag',
      channel,
    ])
  },
  announce(tag, tarball) {
    const version = check(tag)
    const notes = sectionOf(readChangelog(), version).body
    const kind = isPrerelease(version) ? ['--prerelease'] : []
    const words = ['--verify-tag', '--title', tag, '--notes', notes]
    run('gh', ['release', 'create', tag, tarball, ...words, ...kind])
  },
}

await main(() => {
  const [name, tag, tarball] = process.argv.slice(2)
  const isComplete = Object.hasOwn(steps, name ?? '') && tag && (name === 'check' || tarball)
  if (!isComplete)
    throw new Stop('usage: release.mjs check TAG | publish TAG TARBALL | announce TAG TARBALL')
  steps[name](tag, tarball)
})
