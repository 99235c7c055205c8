// Finds the headers of the running Node, with the uv.h and openssl/ that it was built with.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { Stop, say } from './console.mjs'
import { runNpm } from './processes.mjs'

function nodeGypCaches(env) {
  const folders = [env.npm_config_devdir]
  if (process.platform === 'darwin') folders.push(path.join(homedir(), 'Library/Caches/node-gyp'))
  if (env.LOCALAPPDATA) folders.push(path.join(env.LOCALAPPDATA, 'node-gyp', 'Cache'))
  folders.push(path.join(env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'node-gyp'))
  return folders.filter(Boolean).map((folder) => path.join(folder, process.versions.node))
}

// A Node that was built with the system's OpenSSL ships none of OpenSSL's headers.
const bringsOpenssl = !process.config.variables.node_shared_openssl

function isComplete(folder) {
  const needed = ['node_api.h', 'uv.h', ...(bringsOpenssl ? ['openssl/ssl.h'] : [])]
  return needed.every((name) => existsSync(path.join(folder, name)))
}

function search(env) {
  const prefix = path.resolve(path.dirname(process.execPath), '..')
  return [env.npm_config_nodedir, prefix, ...nodeGypCaches(env)]
    .filter(Boolean)
    .map((folder) => path.join(folder, 'include', 'node'))
    .find(isComplete)
}

export function findNodeHeaders(env = process.env) {
  const found = search(env)
  if (found) return found
  const version = process.versions.node
  say(`fetching the headers of Node ${version}, which ${process.execPath} comes without`)
  try {
    runNpm([
      'exec',
      '--yes',
      '--package=node-gyp',
      '--',
      'node-gyp',
      'install',
      `--target=${version}`,
    ])
  } catch {}
  const fetched = search(env)
  if (fetched) return fetched
  throw new Stop(
    `the headers of Node ${version} (node_api.h, uv.h, openssl/) were not found: ` +
      'set npm_config_nodedir to the folder that holds include/node',
  )
}
