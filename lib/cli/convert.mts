// What the commands `lws-ss types` and `lws-ss c` share.
import type { PolicyOptions } from '../policy/index.js'
import { readPolicy } from './read-policy.mjs'

/**
 * What `lws-ss types` and `lws-ss c` do: writes to standard output what becomes of a policy.
 *
 * @throws CommandError, PolicyError
 */
export function writeConverted(
  file: string,
  convert: (source: Buffer, options: PolicyOptions) => string,
): void {
  process.stdout.write(convert(readPolicy(file), { file }))
}
