// Puts the pinned, verified and patched source of libwebsockets at deps/libwebsockets/source.
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { isMain, main, Stop, say } from './console.mjs'
import { cachedTarball, givenTarball } from './lws-tarball.mjs'
import { inRoot, lwsSourceFolder, lwsSourceStamp } from './paths.mjs'
import { requireTools } from './prerequisites.mjs'
import { capture } from './processes.mjs'
import { hasStamp } from './stamp.mjs'

export const patchFolder = inRoot('deps', 'libwebsockets', 'patches')

// What the build reads; the published package carries exactly this.
const NEEDED = [
  'CMakeLists.txt',
  'CMakeLists-implied-options.txt',
  'LICENSE',
  'cmake',
  'include',
  'lib',
  'lwsws/CMakeLists.txt',
  'plugins/CMakeLists.txt',
  'win32port',
]

export const readPin = () =>
  JSON.parse(readFileSync(inRoot('deps', 'libwebsockets', 'pin.json'), 'utf8'))

/** The names of the patches, in the order in which they apply. */
export function readSeries() {
  return readFileSync(path.join(patchFolder, 'series'), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean)
}

function wantedStamp() {
  const pin = readPin()
  const series = readSeries()
  const hash = createHash('sha256').update(JSON.stringify([pin, NEEDED, series]))
  for (const name of series) hash.update(readFileSync(path.join(patchFolder, name)))
  return `libwebsockets ${pin.version}, ${series.length} patches, ${hash.digest('hex')}\n`
}

/** Says in a source tree that it has these patches. */
export const stampSource = (folder) =>
  writeFileSync(path.join(folder, path.basename(lwsSourceStamp)), wantedStamp())

export function extract(tarball, pin, folder) {
  mkdirSync(folder, { recursive: true })
  const members = NEEDED.map((name) => `libwebsockets-${pin.version}/${name}`)
  const tar = capture('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1', ...members])
  if (!tar.ok) throw new Stop(`tar could not extract ${tarball}: ${tar.stderr.trim()}`)
}

export function applyPatch(name, folder) {
  const file = path.join(patchFolder, name)
  const options = ['-p1', '-N', '-F0', '-s', '--no-backup-if-mismatch', '-i', file]
  const patch = capture('patch', options, { cwd: folder })
  if (patch.ok) return
  const said = `${patch.stdout}${patch.stderr}`.trim().split('\n')[0]
  throw new Stop(`patch ${name} does not apply to libwebsockets: ${said}`)
}

function applySeries(series, folder) {
  for (const name of series) applyPatch(name, folder)
  for (const name of readdirSync(folder, { recursive: true })) {
    if (/\.(orig|rej)$/.test(name)) rmSync(path.join(folder, name))
  }
}

/** Files that are as before keep their time and files that are not get a new one, so that builds stay incremental. */
function keepTimes(fresh, before) {
  const now = new Date()
  for (const entry of readdirSync(fresh, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath ?? entry.path, entry.name)
    const old = path.join(before, path.relative(fresh, file))
    const same = existsSync(old) && readFileSync(old).equals(readFileSync(file))
    const time = same ? statSync(old).mtime : now
    utimesSync(file, time, time)
  }
}

function replaceSource(fresh) {
  if (existsSync(lwsSourceFolder)) {
    keepTimes(fresh, lwsSourceFolder)
    const old = `${lwsSourceFolder}.${process.pid}.old`
    renameSync(lwsSourceFolder, old)
    renameSync(fresh, lwsSourceFolder)
    rmSync(old, { recursive: true })
  } else {
    renameSync(fresh, lwsSourceFolder)
  }
}

/** A directory has to be a tree that `lws-source.mjs` or `lws-patches.mjs branch` made with these patches. */
function givenDirectory(folder) {
  if (!existsSync(path.join(folder, 'CMakeLists.txt')))
    throw new Stop(`LWS_SOURCE=${folder} is not a source tree of libwebsockets`)
  if (!hasStamp(path.join(folder, path.basename(lwsSourceStamp)), wantedStamp()))
    throw new Stop(
      `LWS_SOURCE=${folder} does not have the patches that this version needs. Without LWS_SOURCE, ` +
        'node scripts/lws-source.mjs makes deps/libwebsockets/source, which has them; ' +
        'LWS_SOURCE may also be the release tarball, which is verified and patched',
    )
  say(`using libwebsockets from ${folder}`)
  return folder
}

/** Ensures the source and returns its folder, which is LWS_SOURCE itself when that names a directory. */
export async function ensureLwsSource() {
  const given = process.env.LWS_SOURCE ? path.resolve(process.env.LWS_SOURCE) : undefined
  if (given && !existsSync(given)) throw new Stop(`LWS_SOURCE=${given} does not exist`)
  if (given && statSync(given).isDirectory()) return givenDirectory(given)
  if (hasStamp(lwsSourceStamp, wantedStamp())) return lwsSourceFolder

  const pin = readPin()
  const series = readSeries()
  requireTools(['tar', ...(series.length > 0 ? ['patch'] : [])])
  const tarball = given ? await givenTarball(given, pin) : await cachedTarball(pin)
  const fresh = `${lwsSourceFolder}.${process.pid}.new`
  try {
    extract(tarball, pin, fresh)
    applySeries(series, fresh)
    stampSource(fresh)
    replaceSource(fresh)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  say(`libwebsockets ${pin.version} is in place, ${series.length} patches applied`)
  return lwsSourceFolder
}

if (isMain(import.meta.url)) await main(async () => void (await ensureLwsSource()))
