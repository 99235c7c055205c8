/** Finds and loads the file of the addon. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { AddonLoadError } from '../errors/addon-load-error.js'
import { thisHost, unfitness } from './host.js'
import { type Attempt, loadFault, type Origin, prebuildMismatch } from './load-fault.js'

const packageFolder = path.join(__dirname, '..', '..')
const prebuilds = path.join(packageFolder, 'prebuilds')

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
  const find = require('node-gyp-build') as { path(folder: string): string }
  return find.path(packageFolder)
}

function attemptAt(file?: string): Attempt {
  return { file: file ?? prebuilds, origin: originOf(file), build: buildCommand() }
}

/** @throws {@link AddonLoadError} when something else than a Node with OpenSSL runs this. */
export function requireFitHost(): void {
  const why = unfitness(process.versions)
  if (why) throw new AddonLoadError(why, prebuilds)
}

/**
 * Loads the addon.
 *
 * @throws {@link AddonLoadError} when it cannot be
 */
export function loadAddon(): { module: unknown; file: string; origin: Origin } {
  requireFitHost()
  let file: string | undefined
  try {
    file = addonFile()
    const origin = originOf(file)
    const mismatch = origin === 'prebuild' && prebuildMismatch(process.versions, buildCommand())
    if (mismatch) throw new AddonLoadError(mismatch, file)
    return { module: require(file), file, origin }
  } catch (error) {
    if (error instanceof AddonLoadError) throw error
    const attempt = attemptAt(file)
    throw new AddonLoadError(loadFault(error, attempt, thisHost()), attempt.file, { cause: error })
  }
}
