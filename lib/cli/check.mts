// The command `lws-ss check`.
import { readFileSync } from 'node:fs'
import { checkPolicy, type Diagnostic } from '../policy/index.js'
import { ExitStatus } from './exit-status.mjs'
import { type Finding, findingLine } from './finding.mjs'

function findings(file: string): Finding[] {
  let source: Buffer
  try {
    source = readFileSync(file)
  } catch (error) {
    const message = `the file cannot be read: ${(error as Error).message}`
    return [{ file, severity: 'error', code: 'unreadable-file', message, path: '' }]
  }
  const inOrder = (a: Diagnostic, b: Diagnostic) =>
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  return checkPolicy(source)
    .sort(inOrder)
    .map((diagnostic) => ({ file, ...diagnostic }))
}

/** `lws-ss check`: what is to be said about policies, on standard output; status 1 when there are errors. */
export function check(files: string[], { json = false }: { json?: boolean }): void {
  const found = files.flatMap(findings)
  if (json) console.log(JSON.stringify(found, null, 2))
  else for (const finding of found) console.log(findingLine(finding, process.stdout))
  if (found.some(({ severity }) => severity === 'error')) process.exitCode = ExitStatus.Failed
}
