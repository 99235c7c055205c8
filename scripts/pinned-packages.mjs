// Programs that npm has, and that are too large to be dependencies: each is fetched when it is first
// needed, and has to have the hash that pinned-packages.json says.
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import path from 'node:path'
import { Stop, say } from './console.mjs'
import { inRoot } from './paths.mjs'
import { capture, npmCommand } from './processes.mjs'

const pinned = () => JSON.parse(readFileSync(inRoot('scripts', 'pinned-packages.json'), 'utf8'))

function pack(name, folder) {
  const [npm, ...first] = npmCommand()
  const args = ['pack', name, '--pack-destination', folder, '--ignore-scripts', '--loglevel=error']
  const result = capture(npm, [...first, ...args], { cwd: folder })
  const file = readdirSync(folder).find((entry) => entry.endsWith('.tgz'))
  if (result.ok && file) return path.join(folder, file)
  throw new Stop(`${name} could not be fetched: ${result.stderr.trim().split('\n')[0]}`)
}

function verify(name, file, integrity) {
  const actual = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (actual !== integrity) throw new Stop(`${name} has the hash ${actual}, not ${integrity}`)
}

/** Returns the folder of a package, `name@version`, in `where`. */
export function ensurePackage(name, { where = inRoot('build', 'tools'), pins = pinned() } = {}) {
  const folder = path.join(where, name.replace(/^@/, '').replaceAll('/', '+'))
  if (existsSync(folder)) return folder
  if (!pins[name]) throw new Stop(`${name} is not in scripts/pinned-packages.json`)
  mkdirSync(where, { recursive: true })
  const fresh = mkdtempSync(path.join(where, '.fetch-'))
  try {
    say(`fetching ${name}`)
    const tarball = pack(name, fresh)
    verify(name, tarball, pins[name])
    const tar = capture('tar', ['-xzf', tarball, '-C', fresh])
    if (!tar.ok) throw new Stop(`tar could not extract ${name}: ${tar.stderr.trim()}`)
    renameSync(path.join(fresh, 'package'), folder)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return folder
}
