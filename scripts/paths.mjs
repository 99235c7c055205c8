// The folders that several scripts use.

import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
export const inRoot = (...parts) => path.join(root, ...parts)

function userCacheFolder(env = process.env) {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME
  if (process.platform === 'darwin') return path.join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA
  return path.join(homedir(), '.cache')
}

export const cacheFolder = path.join(userCacheFolder(), 'lws-secure-streams')
export const lwsSourceFolder = inRoot('deps', 'libwebsockets', 'source')
export const lwsSourceStamp = path.join(lwsSourceFolder, '.lws-secure-streams-stamp')
