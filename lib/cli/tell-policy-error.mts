// How commands that use a policy say what is wrong with it.
import { PolicyError } from '../policy/index.js'
import { CommandError } from './command-error.mjs'
import { ExitStatus } from './exit-status.mjs'
import { findingLine } from './finding.mjs'

/** @throws the error; a CommandError behind a line for each finding, when that is what is wrong */
export function tellPolicyError(error: unknown, file: string): never {
  if (!(error instanceof PolicyError)) throw error
  for (const diagnostic of error.diagnostics)
    console.error(findingLine({ file, ...diagnostic }, process.stderr))
  throw new CommandError(`the policy ${file} cannot be used`, ExitStatus.Failed)
}
