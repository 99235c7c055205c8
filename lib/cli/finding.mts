// How `lws-ss` shows a diagnostic of a policy.
import type { WriteStream } from 'node:tty'
import type { Diagnostic, Severity } from '../policy/index.js'

/** A diagnostic, and the file that it is about. */
export interface Finding extends Diagnostic {
  readonly file: string
}

const BOLD = 1
const colours: Record<Severity, number> = { error: 31, warning: 33, info: 36 }

function paint(text: string, colour: number, stream: WriteStream): string {
  const coloured = stream.isTTY && stream.hasColors()
  return coloured ? `\x1b[${colour}m${text}\x1b[0m` : text
}

/** A finding as the line that says it on `stream`, in colour when that is a terminal. */
export function findingLine(finding: Finding, stream: WriteStream): string {
  const { file, line, column, severity, code, message, path } = finding
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const what = [path, message].filter((part) => part !== '').join(': ')
  return `${paint(place, BOLD, stream)}: ${paint(severity, colours[severity], stream)}: ${what} (${code})`
}
