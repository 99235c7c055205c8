// The error for a policy that cannot be used.
import { SecureStreamError } from '../../errors/secure-stream-error.js'
import type { Diagnostic } from './diagnostic.js'

const ERRORS_IN_MESSAGE = 5

/** A policy cannot be used. Its `code` is `ERR_SS_POLICY`. */
export class PolicyError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'PolicyError'
  /** Everything that was found, warnings included. */
  readonly diagnostics: readonly Diagnostic[]

  /**
   * @param diagnostics - what the check found
   * @param options - `file`: the name of the policy, for the message; `cause`: the error behind it
   */
  constructor(
    diagnostics: readonly Diagnostic[],
    options: { file?: string | undefined; cause?: unknown } = {},
  ) {
    super(
      'ERR_SS_POLICY',
      describe(diagnostics, options.file),
      'cause' in options ? { cause: options.cause } : undefined,
    )
    this.diagnostics = diagnostics
  }
}

function describe(diagnostics: readonly Diagnostic[], file: string | undefined): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const lines = errors
    .slice(0, ERRORS_IN_MESSAGE)
    .map((error) => `  ${diagnosticLine(error, file)}`)
  if (errors.length > ERRORS_IN_MESSAGE) {
    lines.push(`  … and ${errors.length - ERRORS_IN_MESSAGE} more`)
  }
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
  return [`the policy has ${count}`, ...lines].join('\n')
}

/** @internal A diagnostic as a line. */
export function diagnosticLine(diagnostic: Diagnostic, file: string | undefined): string {
  const { line, column, path, message, code } = diagnostic
  const position = [file, line, column].filter((part) => part !== undefined).join(':')
  return [position, path, `${message} (${code})`].filter((part) => part !== '').join(': ')
}
