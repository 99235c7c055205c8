// Runs curl.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findProgram } from '../peers/program.js'

/** What curl writes; without the sanitizers that this process may run under. */
export async function curl(...options: string[]): Promise<string> {
  const env = { PATH: process.env.PATH }
  const run = await promisify(execFile)(findProgram('curl'), ['-s', ...options], { env })
  return run.stdout
}
