/** Finds and loads the file of the addon. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { AddonLoadError } from '../errors/addon-load-error.js'
import { prebuildName, thisHost, unfitness } from './host.js'
import { type Attempt, loadFault, type Origin, prebuildMismatch } from './load-fault.js'

/** Where this code is; a bundle that is an ES module does not say it, and then is taken for the program. */
const here =
  typeof __dirname === 'string' ? __dirname : path.dirname(path.resolve(process.argv[1] ?? ''))

/** Whether a bundler has put this code into a file of its own. */
const isBundled = !here.endsWith(path.join('dist', 'addon'))

const packageFolder = isBundled ? bundledPackage() : path.join(here, '..', '..')
const prebuilds = path.join(packageFolder, 'prebuilds')

/** Of a bundle: its own folder if that has prebuilds, or else the package that is installed for it. */
function bundledPackage(): string {
  if (existsSync(path.join(here, 'prebuilds'))) return here
  try {
    const find = createRequire(path.join(here, 'bundle.js'))
    return path.dirname(find.resolve('lws-secure-streams/package.json'))
  } catch {
    return here
  }
}

/** The addon, where a bundler can see which file it is. */
let inBundle: { load(): unknown; name: string } | undefined

/** Has the addon be what `load()` gives; `name` is that of its platform. */
export function useAddon(name: string, load: () => unknown): void {
  inBundle = { name, load }
}

/** The file, or none when it is yet to be found. */
function originOf(file?: string): Origin {
  if (process.env.LWS_SECURE_STREAMS_ADDON) return 'chosen'
  return file?.startsWith(path.join(packageFolder, 'build') + path.sep) ? 'local build' : 'prebuild'
}

function buildCommand(): string {
  if (!existsSync(path.join(packageFolder, 'native'))) return 'npm install lws-secure-streams'
  const isInstalled = packageFolder.split(path.sep).includes('node_modules')
  return isInstalled
    ? 'npm explore lws-secure-streams -- npm run build:native'
    : 'npm run build:native'
}

function addonFile(): string {
  const chosen = process.env.LWS_SECURE_STREAMS_ADDON
  if (chosen) return path.resolve(chosen)
  if (isBundled) return path.join(prebuilds, prebuildName(thisHost()))
  const find = require('node-gyp-build') as { path(folder: string): string }
  return find.path(packageFolder)
}

function attemptAt(file?: string): Attempt {
  return { file: file ?? prebuilds, origin: originOf(file), build: buildCommand(), isBundled }
}

/** @throws {@link AddonLoadError} when something else than a Node with OpenSSL runs this. */
export function requireFitHost(): void {
  const why = unfitness(process.versions)
  if (why) throw new AddonLoadError(why, prebuilds)
}

interface LoadedAddon {
  module: unknown
  file: string
  origin: Origin
}

/**
 * Loads the addon.
 *
 * @throws {@link AddonLoadError} when it cannot be
 */
export function loadAddon(): LoadedAddon {
  requireFitHost()
  if (inBundle && !process.env.LWS_SECURE_STREAMS_ADDON) return loadInBundle(inBundle)
  let file: string | undefined
  try {
    file = addonFile()
    const origin = originOf(file)
    if (origin === 'prebuild') requireMatch(file)
    // Not by `require` itself, in whose place bundlers put their own.
    return { module: createRequire(file)(file), file, origin }
  } catch (error) {
    if (error instanceof AddonLoadError) throw error
    const attempt = attemptAt(file)
    throw new AddonLoadError(loadFault(error, attempt, thisHost()), attempt.file, { cause: error })
  }
}

function loadInBundle({ name, load }: { name: string; load(): unknown }): LoadedAddon {
  const file = `lws-secure-streams/${name}`
  requireMatch(file)
  try {
    return { module: load(), file, origin: 'bundle' }
  } catch (error) {
    const attempt: Attempt = { file, origin: 'bundle', build: buildCommand(), isBundled }
    throw new AddonLoadError(loadFault(error, attempt, thisHost()), file, { cause: error })
  }
}

/** @throws {@link AddonLoadError} when this Node has another OpenSSL than prebuilds are for. */
function requireMatch(file: string): void {
  const mismatch = prebuildMismatch(process.versions, buildCommand())
  if (mismatch) throw new AddonLoadError(mismatch, file)
}
