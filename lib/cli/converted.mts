import { readFileSync } from 'node:fs'
import { PolicyError, type PolicyOptions } from '../policy/index.js'

/** Writes what becomes of a policy to standard output; else says why not, and the status is 1. */
export function writeConverted(
  file: string,
  convert: (source: Buffer, options: PolicyOptions) => string,
): void {
  let source: Buffer
  try {
    source = readFileSync(file)
  } catch (error) {
    refuse(`the file cannot be read: ${(error as Error).message}`)
    return
  }
  try {
    process.stdout.write(convert(source, { file }))
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    refuse(error.message)
  }
}

function refuse(why: string): void {
  console.error(`lws-ss: ${why}`)
  process.exitCode = 1
}
