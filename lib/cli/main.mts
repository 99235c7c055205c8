#!/usr/bin/env node
// The program `lws-ss`: its commands and their arguments.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { policyToC, policyToTypes } from '../policy/index.js'
import { check } from './check.mjs'
import { CommandError } from './command-error.mjs'
import { writeConverted } from './convert.mjs'
import { doctor } from './doctor.mjs'
import { ExitStatus, exitStatusOf } from './exit-status.mjs'
import { get } from './get.mjs'
import { packageVersion } from './package.mjs'
import { serve } from './serve.mjs'

function addMetadata(given: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(given) ?? []
  if (name === undefined) throw new InvalidArgumentError('It has the form name=value.')
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`'${name}' has a value already.`)
  return { ...before, [name]: value }
}

function toSeconds(given: string): number {
  const seconds = given.trim() === '' ? Number.NaN : Number(given)
  if (!(seconds >= 0)) throw new InvalidArgumentError('It is a number of seconds.')
  return seconds
}

function toPort(given: string): number {
  const port = given.trim() === '' ? Number.NaN : Number(given)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new InvalidArgumentError('It is a number from 0 to 65535.')
}

const runtime = `${process.platform}-${process.arch} node-${process.version}`
const program = new Command('lws-ss')
  .description('Secure Streams from the command line')
  .version(`lws-ss/${packageVersion} ${runtime}`)
  .helpCommand(false)
  // Help goes to standard output. `complain()` writes errors, for all commands in one form.
  .configureOutput({ writeErr: () => {} })
  .exitOverride()
program
  .command('check')
  .description('Check policies: file:line:column of each finding')
  .argument('<files...>', 'policies')
  .option('--json', 'as one JSON array')
  .action(check)
program
  .command('types')
  .description("Write the TypeScript types of a policy's streamtypes")
  .argument('<file>', 'a policy')
  .action((file: string) => writeConverted(file, policyToTypes))
program
  .command('c')
  .description('Write a policy as the C structs that libwebsockets takes instead of JSON')
  .argument('<file>', 'a policy')
  .action((file: string) => writeConverted(file, policyToC))
program
  .command('get')
  .description('Perform one transaction (h1, h2), or a session on standard input and output')
  .argument('<policy>', 'the file of the policy')
  .argument('<streamtype>', 'the name of a client streamtype in it')
  .option('--metadata <name=value>', 'a value of its metadata; once for each name', addMetadata)
  .option('--data <text>', 'send this instead of standard input')
  .addOption(new Option('--data-file <file>', 'send the bytes of this file').conflicts('data'))
  .option('--output <file>', 'write what arrives to this file instead of standard output')
  .option('--binary', 'ws, mqtt: standard input is one message; no line ends are added')
  .option('--wait <seconds>', 'a session that has sent all ends after this silence', toSeconds)
  .option('--json', 'tell the result as one line of JSON')
  .action(get)
program
  .command('serve')
  .description('Serve files over http, and echo what comes over ws and raw, until Ctrl-C')
  .argument('<policy>', 'the file of the policy')
  .argument('<streamtype>', 'the name of a server streamtype in it')
  .option('--directory <directory>', 'h1, h2: serve the files in it')
  .option('--port <number>', 'listen on this port instead of that of the policy', toPort)
  .option('--verbose', 'a line on standard error for each request, and each client of ws and raw')
  .action(serve)
program
  .command('doctor')
  .description('Show versions, features, the trust store and where the addon comes from')
  .option('--json', 'as one JSON object')
  .action(doctor)

program
  .command('proxy', { hidden: true })
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .action(() => {
    throw new CommandError('proxy is not in this version of lws-ss', ExitStatus.Misused)
  })

function fail(message: string, status: number): void {
  console.error(`lws-ss: ${message}`)
  process.exitCode = status
}

function complain({ code, message }: CommanderError): void {
  const what =
    code === 'commander.help'
      ? 'no command given'
      : message
          .replace(/^error: /, '')
          .replaceAll('\n', ' ')
          .replace(/\.$/, '')
  fail(`${what}; see lws-ss --help`, ExitStatus.Misused)
}

for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has gone, as with `| head`, and needs no more.
    if (error.code !== 'EPIPE') throw error
  })

try {
  await program.parseAsync()
} catch (error) {
  const status = exitStatusOf(error)
  if (error instanceof CommanderError) error.exitCode === 0 || complain(error)
  else if (status !== undefined) fail((error as Error).message, status)
  else throw error
}
