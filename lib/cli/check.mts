import { readFileSync } from 'node:fs'
import { checkPolicy, type Diagnostic, type Severity } from '../policy/index.js'

interface Finding extends Diagnostic {
  readonly file: string
}

const BOLD = 1
const colours: Record<Severity, number> = { error: 31, warning: 33, info: 36 }

function findings(file: string): Finding[] {
  let source: Buffer
  try {
    source = readFileSync(file)
  } catch (error) {
    const message = `the file cannot be read: ${(error as Error).message}`
    return [{ file, severity: 'error', code: 'unreadable-file', message, path: '' }]
  }
  return checkPolicy(source).map((diagnostic) => ({ file, ...diagnostic }))
}

function paint(text: string, colour: number): string {
  const coloured = process.stdout.isTTY && process.stdout.hasColors()
  return coloured ? `\x1b[${colour}m${text}\x1b[0m` : text
}

function toLine({ file, line, column, severity, code, message, path }: Finding): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const what = [path, message].filter((part) => part !== '').join(': ')
  return `${paint(place, BOLD)}: ${paint(severity, colours[severity])}: ${what} (${code})`
}

/** `lws-ss check`: what is to be said about policies, on standard output; status 1 when there are errors. */
export function check(files: string[], { json = false }: { json?: boolean }): void {
  const found = files.flatMap(findings)
  if (json) console.log(JSON.stringify(found, null, 2))
  else for (const finding of found) console.log(toLine(finding))
  if (found.some(({ severity }) => severity === 'error')) process.exitCode = 1
}
