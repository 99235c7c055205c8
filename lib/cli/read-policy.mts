// How `lws-ss` reads the file of a policy.
import { readFileSync } from 'node:fs'
import { CommandError } from './command-error.mjs'
import { ExitStatus } from './exit-status.mjs'

/** @throws CommandError when it cannot be read */
export function readPolicy(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandError(
      `the file cannot be read: ${(error as Error).message}`,
      ExitStatus.Failed,
    )
  }
}
