// What CHANGELOG.md says of a version: `node scripts/changelog.mjs section 0.1.0` prints it.
import { readFileSync } from 'node:fs'
import { isMain, main, Stop } from './console.mjs'
import { inRoot } from './paths.mjs'

export const readChangelog = () => readFileSync(inRoot('CHANGELOG.md'), 'utf8')

/** The section of a version: its heading without `##`, and what is below. A Stop when there is none. */
export function sectionOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1)
  const found = sections.find((section) => {
    const [heading] = section.split('\n', 1)
    return heading.split(/[\s[\]()]+/).includes(version)
  })
  if (!found) throw new Stop(`CHANGELOG.md has no section for ${version}`)
  const end = found.indexOf('\n')
  return { heading: found.slice(0, end), body: found.slice(end).trim() }
}

if (isMain(import.meta.url)) {
  await main(() => {
    const [command, version] = process.argv.slice(2)
    if (command !== 'section' || !version) throw new Stop('usage: changelog.mjs section VERSION')
    console.log(sectionOf(readChangelog(), version).body)
  })
}
