// Installs the development dependencies when node_modules is not what package-lock.json says:
// `node scripts/dependencies.mjs`.
import { existsSync, readFileSync } from 'node:fs'
import { isMain, main, say } from './console.mjs'
import { inRoot } from './paths.mjs'
import { runNpm } from './processes.mjs'

const readPackages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages

function isInstalled() {
  const installedFile = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(installedFile)) return false
  const installed = readPackages(installedFile)
  return Object.entries(readPackages(inRoot('package-lock.json'))).every(
    // Packages for other platforms are optional, and rightly absent.
    ([name, { version, optional }]) =>
      name === '' || (installed[name] ? installed[name].version === version : optional === true),
  )
}

export function ensureDependencies() {
  if (isInstalled()) return
  say('installing development dependencies: npm ci')
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  runNpm(['ci', ...quiet], { cwd: inRoot(), stdio: ['ignore', 'ignore', 'inherit'] })
}

if (isMain(import.meta.url)) await main(ensureDependencies)
