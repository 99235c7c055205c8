// How `lws-ss` shows a diagnostic of a policy.
import type { WriteStream } from 'node:tty'
import type { Diagnostic, Severity } from '../policy/index.js'
import { type Colour, paint } from './paint.mjs'

/** A diagnostic, and the file that it is about. */
export interface Finding extends Diagnostic {
  readonly file: string
}

const colours: Record<Severity, Colour> = { error: 'red', warning: 'yellow', info: 'cyan' }

/** A finding as the line that says it on `stream`. */
export function findingLine(finding: Finding, stream: WriteStream): string {
  const { file, line, column, severity, code, message, path } = finding
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const what = [path, message].filter((part) => part !== '').join(': ')
  const kind = paint(severity, colours[severity], stream)
  return `${paint(place, 'bold', stream)}: ${kind}: ${what} (${code})`
}
