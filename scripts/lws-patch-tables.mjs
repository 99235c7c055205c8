// What deps/libwebsockets/README.md says of each patch, and of each file that patches change.
import { readPatch } from './lws-patch-files.mjs'
import { folderOf, readFolders } from './lws-patch-folders.mjs'
import { readSeries } from './lws-source.mjs'
import { inRoot } from './paths.mjs'

export const README = inRoot('deps', 'libwebsockets', 'README.md')

const START = '<!-- made by npm run generate from the headers of the patches -->'
const END = '<!-- end of what npm run generate makes -->'

const inCell = (text) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|')
const asCode = (text) => text.replace(/\b(?:test|bench)\/[\w./-]+/g, '`$&`')
const link = (name) => `[${name}](patches/${name}.patch)`

function row({ name, fields }) {
  const [title] = fields.Description.split('\n')
  const needs = fields.Needs === 'none' ? '' : fields.Needs
  const cells = [link(name), title, asCode(fields['Shown-by']), needs]
  return `| ${cells.map(inCell).join(' | ')} |`
}

function folderTable({ name, what }, patches) {
  const rows = patches.filter((patch) => folderOf(patch.name) === name).map(row)
  const head = '| patch | what it changes | shown by | needs |\n| --- | --- | --- | --- |\n'
  return `### ${name}: ${what}\n\n${rows.length > 0 ? `${head}${rows.join('\n')}` : 'None yet.'}\n`
}

function fileTable(patches) {
  const touching = new Map()
  for (const { name, files } of patches)
    for (const file of files.keys()) touching.set(file, [...(touching.get(file) ?? []), name])
  const rows = [...touching]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, names]) => `| \`${file}\` | ${names.join(', ')} |`)
  return `### Which file is changed by which patch\n\n| file | patches |\n| --- | --- |\n${rows.join('\n')}\n`
}

/** The text of README.md with what stands between the two marks made anew. */
export function withPatchTables(text) {
  const patches = readSeries().map((file) => readPatch(file.replace(/\.patch$/, '')))
  const parts = [...readFolders().map((folder) => folderTable(folder, patches)), fileTable(patches)]
  const before = text.slice(0, text.indexOf(START) + START.length)
  const after = text.slice(text.indexOf(END))
  return `${before}\n\n${parts.join('\n')}\n${after}`
}
