// The exit statuses of `lws-ss`, and which error leads to which.
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { CommandError } from './command-error.mjs'

/** The statuses that `lws-ss` ends with; see docs/cli.md. */
export const ExitStatus = {
  Failed: 1,
  Misused: 2,
  Refused: 3,
  Unreachable: 4,
  Interrupted: 130,
} as const

const byCode = new Map<string, number>([
  ['ERR_INVALID_ARG_VALUE', ExitStatus.Misused],
  ['ERR_SS_UNKNOWN_STREAMTYPE', ExitStatus.Misused],
  ['ERR_SS_UNKNOWN_METADATA', ExitStatus.Misused],
  ['ERR_SS_NOT_SERVER', ExitStatus.Misused],
  ['ERR_SS_CANNOT_SEND', ExitStatus.Misused],
  ['ERR_SS_NACK', ExitStatus.Refused],
  ['ERR_SS_ALL_RETRIES_FAILED', ExitStatus.Unreachable],
  ['ERR_SS_DISCONNECTED', ExitStatus.Unreachable],
  ['ERR_SS_TIMEOUT', ExitStatus.Unreachable],
])

/** The status for an error that the user is told in one line; `undefined` for a fault of this program. */
export function exitStatusOf(error: unknown): number | undefined {
  if (error instanceof CommandError) return error.status
  return (
    byCode.get(Object(error).code) ??
    (error instanceof SecureStreamError ? ExitStatus.Failed : undefined)
  )
}
