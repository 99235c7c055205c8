// The commands of `lws-ss`, their arguments and their help.
import { Command, Option } from 'commander'
import { policyToC, policyToTypes } from '../policy/index.js'
import { check } from './check.mjs'
import { CommandError } from './command-error.mjs'
import { writeConverted } from './convert.mjs'
import { doctor } from './doctor.mjs'
import { ExitStatus } from './exit-status.mjs'
import { examples, helpConfiguration, outputConfiguration, showHelp } from './help.mjs'
import { init } from './init.mjs'
import { list } from './list.mjs'
import { addMetadata, toPort, toProxy, toSeconds, toTimeLimit } from './option-values.mjs'
import { packageVersion } from './package.mjs'
import { run } from './run.mjs'
import { serve } from './serve.mjs'

const runtime = `${process.platform}-${process.arch} node-${process.version}`

/** The commands; those that are called wrongly throw a CommanderError. */
export const program: Command = new Command('lws-ss')
  .description('Secure Streams from the command line')
  .version(`lws-ss/${packageVersion} ${runtime}`)
  .helpCommand(false)
  .configureHelp(helpConfiguration)
  .configureOutput(outputConfiguration)
  .exitOverride()
  .addHelpText(
    'after',
    examples(
      ['write a first policy', 'init'],
      ['see what is in it', 'list policy.json'],
      ['use it', 'run policy.json weather -m region=uk'],
    ),
  )

program
  .command('run')
  .alias('get')
  .description('Talk to the peer of a streamtype: one transaction, or a session')
  .argument('<policy>', 'the file of the policy')
  .argument('<streamtype>', 'the name of a client streamtype in it')
  .option('-m, --metadata <name=value>', 'a value of its metadata; once for each name', addMetadata)
  .option('-d, --data <text>', 'send this text')
  .addOption(
    new Option('--data-file <file>', 'send the bytes of this file; - for standard input').conflicts(
      'data',
    ),
  )
  .option('-o, --output <file>', 'write what arrives to this file, not to standard output')
  .option('--binary', 'ws, mqtt: standard input is one message; no line ends are added')
  .option('--wait <seconds>', 'a session ends after this silence, once all is sent', toSeconds)
  .option('--timeout <seconds>', 'how long a transaction, or connecting, may take', toTimeLimit)
  .option('--ca <file>', "trust these certificates (PEM or DER); or 'system', or 'node'")
  .option('--proxy <url>', "go through this HTTP proxy; 'env' for HTTP_PROXY and so on", toProxy)
  .option('-v, --verbose', 'say on standard error what passes on the wire, in words')
  .option('--json', 'tell the result as one line of JSON')
  .action(run)
  .addHelpText(
    'after',
    examples(
      ['h1, h2: one transaction', 'run policy.json weather -m region=uk -o today.html'],
      ['h1, h2: a body', 'run policy.json report --data-file report.json --json'],
      ['what passes on the wire', 'run policy.json weather -m region=uk -v'],
      ['ws: each line of standard input is a message', 'run policy.json chat'],
      ['mqtt: publish one message', 'run policy.json sensor -m room=attic -d \'{"celsius":21}\''],
    ),
  )

program
  .command('init')
  .description('Write a first policy, asked for in a few questions or by options')
  .argument('[file]', 'where to', 'policy.json')
  .option('--url <url>', 'what to connect to; with this nothing is asked')
  .option('--name <name>', 'of the streamtype; otherwise from the host')
  .option('--method <method>', 'http, https: the method; otherwise GET')
  .option('--http2', 'http, https: HTTP/2')
  .option('--topic <topic>', 'mqtt, mqtts: the topic to publish to')
  .option('--subscribe <topic>', 'mqtt, mqtts: the topic to subscribe to')
  .option('--force', 'replace the file if it is there')
  .action(init)
  .addHelpText(
    'after',
    examples(
      ['with questions', 'init'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      ['a gap for the program to fill', "init --url 'https://example.com/${city}/today'"],
      ['by way of a broker', 'init --url mqtts://example.com --topic home/attic'],
    ),
  )

program
  .command('list')
  .description('Show the streamtypes of a policy, and what they are')
  .argument('<policy>', 'the file of the policy')
  .option('--json', 'as one JSON array')
  .action(list)
  .addHelpText(
    'after',
    examples(
      ['a table', 'list policy.json'],
      ['the names alone', "list policy.json --json | jq -r '.[].name'"],
    ),
  )

program
  .command('check')
  .description('Check policies: file:line:column of each finding')
  .argument('<files...>', 'policies')
  .option('--json', 'as one JSON array')
  .action(check)
  .addHelpText('after', examples(['all policies of a folder', 'check policies/*.json']))

program
  .command('types')
  .description("Write the TypeScript types of a policy's streamtypes")
  .argument('<file>', 'a policy')
  .action((file: string) => writeConverted(file, policyToTypes))
  .addHelpText('after', examples(['a file for the compiler', 'types policy.json > streamtypes.ts']))

program
  .command('c')
  .description('Write a policy as C structs, which libwebsockets takes instead of JSON')
  .argument('<file>', 'a policy')
  .action((file: string) => writeConverted(file, policyToC))
  .addHelpText('after', examples(['a file for a C program', 'c policy.json > policy.h']))

program
  .command('serve')
  .description('Serve files over http, and echo what comes over ws and raw')
  .argument('<policy>', 'the file of the policy')
  .argument('<streamtype>', 'the name of a server streamtype in it')
  .option('--directory <directory>', 'h1, h2: serve the files in it')
  .option('--port <number>', 'listen on this port instead of that of the policy', toPort)
  .option('-v, --verbose', 'a line on standard error for each request and each client')
  .action(serve)
  .addHelpText(
    'after',
    examples(
      ['the files here, until Ctrl-C', 'serve policy.json site --directory .'],
      ['on a port that the system chooses', 'serve policy.json site --port 0 -v'],
    ),
  )

program
  .command('doctor')
  .description('Show what this package runs with, and what it can do here')
  .option('--json', 'as one JSON object')
  .action(doctor)
  .addHelpText('after', examples(['what to say in a bug report', 'doctor']))

program
  .command('help')
  .description('Show the help of a command')
  .argument('[command]', 'its name')
  .action((name?: string) => showHelp(program, name))
  .addHelpText('after', examples(['what run can do', 'help run']))

program
  .command('proxy', { hidden: true })
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .action(() => {
    throw new CommandError('proxy is not in this version of lws-ss', ExitStatus.Misused)
  })
