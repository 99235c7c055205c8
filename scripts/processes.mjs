// Finds and runs programs.

import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { Stop } from './console.mjs'

/** The path of an executable on PATH or in one of `more` folders, or undefined. */
export function which(name, more = []) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  for (const folder of [...folders, ...more]) {
    for (const suffix of suffixes) {
      const file = path.join(folder, name + suffix)
      try {
        accessSync(file, constants.X_OK)
        if (statSync(file).isFile()) return file
      } catch {}
    }
  }
  return undefined
}

/** Runs a program and returns { ok, stdout, stderr }; never throws. */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options })
  return {
    ok: result.status === 0,
    stdout: result.stdout ?? '',
    stderr: result.stderr || (result.error?.message ?? ''),
  }
}

/** Runs a program on this terminal; throws a Stop that calls it `name` when it fails. */
export function run(command, args, { name = path.basename(command), ...options } = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (result.error) throw new Stop(`${name} could not be started: ${result.error.message}`)
  if (result.status !== 0) {
    throw new Stop(`${name} failed (${result.signal ?? `exit ${result.status}`})`)
  }
}

/** The npm that runs this script, or the one on PATH, as the start of a command line. */
export function npmCommand() {
  const cli = process.env.npm_execpath
  if (cli && /npm-cli\.c?js$/.test(cli)) return [process.execPath, cli]
  return [which('npm') ?? 'npm']
}

export function runNpm(args, options = {}) {
  const [command, ...first] = npmCommand()
  run(command, [...first, ...args], { name: `npm ${args[0]}`, ...options })
}
