#!/usr/bin/env node
import { cac } from 'cac'
import { SecureStreamError } from '../secure-stream-error.js'
import { writeC } from './c.mjs'
import { check } from './check.mjs'
import { doctor } from './doctor.mjs'
import { packageVersion } from './package.mjs'
import { writeTypes } from './types.mjs'

const FAILED = 1
const MISUSED = 2

const cli = cac('lws-ss')
cli
  .command('doctor', 'Show versions, features, the trust store and where the addon comes from')
  .option('--json', 'As one JSON object')
  .action(doctor)
cli
  .command('check <file> [...files]', 'Check policies: file:line:column of each finding')
  .option('--json', 'As one JSON array')
  .action((file: string, files: string[], options) => check([file, ...files], options))
cli
  .command('types <file>', "Write the TypeScript types of a policy's streamtypes")
  .action((file: string) => writeTypes(file))
cli
  .command('c <file>', 'Write a policy as the C structs that libwebsockets takes instead of JSON')
  .action((file: string) => writeC(file))
cli.help()
cli.version(packageVersion)

function fail(message: string, status: number): void {
  console.error(`${cli.name}: ${message}`)
  process.exitCode = status
}

function misuse(message: string): void {
  fail(`${message}; see ${cli.name} --help`, MISUSED)
}

async function run(): Promise<void> {
  const { args, options } = cli.parse(process.argv, { run: false })
  if (cli.matchedCommand) {
    await cli.runMatchedCommand()
  } else if (!options.help && !options.version) {
    cli.globalCommand.checkUnknownOptions()
    misuse(args.length > 0 ? `Unknown command \`${args[0]}\`` : 'No command given')
  }
}

try {
  await run()
} catch (error) {
  if (error instanceof SecureStreamError) fail(error.message, FAILED)
  // cac does not export the class.
  else if (error instanceof Error && error.name === 'CACError') misuse(error.message)
  else throw error
}
