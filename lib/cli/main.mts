#!/usr/bin/env node
// The program `lws-ss`: runs the command that it was called with, and says what went wrong.
import { CommanderError } from 'commander'
import { ExitStatus, exitStatusOf } from './exit-status.mjs'
import { commandOf } from './help.mjs'
import { program } from './program.mjs'

function fail(message: string, status: number): void {
  console.error(`lws-ss: ${message}`)
  process.exitCode = status
}

function complain({ message }: CommanderError): void {
  const what = message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
  const [, , name = ''] = process.argv
  const where = commandOf(program, name) ? `lws-ss help ${name}` : 'lws-ss --help'
  fail(`${what}${what.endsWith('?') ? ' See' : '; see'} ${where}`, ExitStatus.Misused)
}

for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has gone, as with `| head`, and needs no more.
    if (error.code !== 'EPIPE') throw error
  })

try {
  // Under Electron, commander would take the name of this file for an argument.
  if (process.argv.length > 2) await program.parseAsync(process.argv, { from: 'node' })
  else program.outputHelp()
} catch (error) {
  const status = exitStatusOf(error)
  if (error instanceof CommanderError) error.exitCode === 0 || complain(error)
  else if (status !== undefined) fail((error as Error).message, status)
  else throw error
}
