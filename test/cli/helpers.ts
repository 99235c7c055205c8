// Runs `lws-ss` as a process.

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const command = path.resolve(manifest.bin['lws-ss'])

/** Under AddressSanitizer memory is not what it would be. */
export const sanitized = process.env.ASAN_OPTIONS !== undefined

/** An environment in which a command tells its largest memory, in KiB, at the end of its complaints. */
export const tellsMemory = {
  // A small space for what is new, so that what nobody holds any more goes soon.
  NODE_OPTIONS: `--max-semi-space-size=1 --import=data:text/javascript,${encodeURIComponent(`
    import { readFileSync } from 'node:fs'
    process.on('exit', () => {
      let { maxRSS } = process.resourceUsage()
      try {
        // On Linux, maxRSS begins with that of the process which started this one.
        maxRSS = /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
      } catch {}
      process.stderr.write(String(maxRSS))
    })
  `)}`,
}

export const version: string = manifest.version

/** Runs the real command, as package.json names it. */
export function lwsSs(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
}

/** What a command that has ended left. */
export interface Ended {
  status: number | null
  output: Buffer
  complaints: string
}

/** A command, while this process goes on. */
class Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  readonly #output: Buffer[] = []

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child
    // It may end before it has read all.
    child.stdin.on('error', () => {})
    child.stdout.on('data', (piece) => this.#output.push(piece))
    this.ended = this.#end()
  }

  get output(): Buffer {
    return Buffer.concat(this.#output)
  }

  /** Settles when its output is complete in the eyes of the test; it must not have ended before. */
  async hasWritten(isEnough: (output: Buffer) => boolean): Promise<void> {
    while (!isEnough(this.output)) {
      const end = await Promise.race([once(this.child.stdout, 'data'), this.ended])
      if ('status' in end && !isEnough(end.output)) throw new Error(`it ended: ${end.complaints}`)
    }
  }

  async #end(): Promise<Ended> {
    const [[status], complaints] = await Promise.all([
      once(this.child, 'close'),
      text(this.child.stderr),
    ])
    return { status, output: this.output, complaints }
  }
}

export function startLwsSs(args: string[], env: NodeJS.ProcessEnv = {}): Running {
  return new Running(
    spawn(process.execPath, [command, ...args], { env: { ...process.env, ...env } }),
  )
}

/** Runs the real command, while this process goes on, with `input` as its standard input. */
export function runLwsSs(args: string[], input: string | Buffer = ''): Promise<Ended> {
  const { child, ended } = startLwsSs(args)
  child.stdin.end(input)
  return ended
}

/** The real command for a shell. */
export const commandLine = (args: string[]) =>
  [process.execPath, command, ...args].map((word) => `'${word}'`).join(' ')

/** Runs the real command on a terminal, and returns what that shows. */
export async function onTerminal(args: string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = ['--quiet', '--return', '--command', commandLine(args), '/dev/null']
  // Node.js believes that a terminal of CI has no colours.
  const env = { ...process.env, TERM: 'xterm', CI: undefined, ...more }
  const { child, ended } = new Running(spawn('script', options, { env }))
  child.stdin.end()
  return (await ended).output.toString()
}
