import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

export const version: string = manifest.version

/** Runs the real command, as package.json names it. */
export function lwsSs(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [manifest.bin['lws-ss'], ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
}
