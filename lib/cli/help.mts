// How `lws-ss` shows help.
import { styleText } from 'node:util'
import type { Command, HelpConfiguration, OutputConfiguration } from 'commander'
import { didYouMean } from '../policy/read/suggest.js'
import { CommandError } from './command-error.mjs'
import { ExitStatus } from './exit-status.mjs'

// Longer lines are hard to read, also where there is room for them.
const WIDTH = 80

// commander takes colours away where they are not wanted.
const styled = (text: string, format: 'bold' | 'dim') =>
  styleText(format, text, { validateStream: false })

export const helpConfiguration: HelpConfiguration = {
  styleTitle: (title) => styled(title, 'bold'),
  subcommandTerm: (command) => [command.name(), ...command.aliases()].join(', '),
}

/** Help goes to standard output. `main.mts` writes errors, for all commands in one form. */
export const outputConfiguration: OutputConfiguration = {
  writeErr: () => {},
  getOutHelpWidth: () => Math.min(process.stdout.columns || WIDTH, WIDTH),
}

/** The examples below the help of a command: what each is for, and how it is called. */
export function examples(...pairs: readonly (readonly [what: string, how: string])[]): string {
  const lines = pairs.flatMap(([what, how]) => [
    `  ${styled(`# ${what}`, 'dim')}`,
    `  lws-ss ${how}`,
  ])
  return ['', styled('Examples:', 'bold'), ...lines].join('\n')
}

/**
 * `lws-ss help`: the help of a command, or of all of them.
 *
 * @throws CommandError when there is no such command
 */
export function showHelp(program: Command, name: string | undefined): void {
  const shown = name === undefined ? program : commandOf(program, name)
  if (shown) {
    shown.outputHelp()
    return
  }
  const known = program.commands.map((one) => one.name())
  throw new CommandError(
    `unknown command '${name}'${didYouMean(name as string, known)}`,
    ExitStatus.Misused,
  )
}

/** The command of this name, or of this other name. */
export function commandOf(program: Command, name: string): Command | undefined {
  return program.commands.find((one) => [one.name(), ...one.aliases()].includes(name))
}
