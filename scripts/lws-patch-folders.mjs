// The folders of the patches, in the order in which they apply, and the file `series` that lists all of it.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Stop } from './console.mjs'
import { patchFolder } from './lws-source.mjs'

/** The folders that `series` describes: a line "# name: what it is for" for each. */
export function readFolders() {
  const text = readFileSync(path.join(patchFolder, 'series'), 'utf8')
  return Array.from(text.matchAll(/^# ([a-z0-9]+): (.*)$/gm), ([, name, what]) => ({ name, what }))
}

export const folderOf = (patch) => patch.slice(0, patch.indexOf('/'))

/** The text of `series`. Stops when the patches do not come folder by folder. */
export function formatSeries(names, folders) {
  const at = (name) => folders.findIndex((folder) => folder.name === folderOf(name))
  for (const [index, name] of names.entries()) {
    if (at(name) < 0) throw new Stop(`${name} is in a folder that series does not describe`)
    if (index > 0 && at(name) < at(names[index - 1]))
      throw new Stop(`${name} comes after ${names[index - 1]}, whose folder is a later one`)
  }
  const parts = folders.map(({ name, what }) => {
    const files = names
      .filter((patch) => folderOf(patch) === name)
      .map((patch) => `${patch}.patch\n`)
    return `\n# ${name}: ${what}\n${files.join('')}`
  })
  return `# One patch file a line, applied in this order with \`patch -p1\`.\n${parts.join('')}`
}
