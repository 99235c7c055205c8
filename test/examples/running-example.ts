// The policies of the examples, with the addresses of the servers that the tests have started.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { PolicyInput } from 'lws-secure-streams'
import { overlayPolicy } from 'lws-secure-streams/policy'

/** Another policy for an example, as somebody would write it who has other servers: a fragment over its own. */
export function exampleOverlay(
  example: string,
  streamtypes: Record<string, object>,
  more: PolicyInput = {},
): string {
  const policy = readFileSync(`examples/${example}/policy.json`)
  const s = Object.entries(streamtypes).map(([name, changes]) => ({ [name]: changes }))
  return JSON.stringify(overlayPolicy(policy, { ...more, s } as PolicyInput))
}

/** A program of an example that runs. */
export class RunningExample {
  readonly child
  output = ''
  errors = ''
  readonly over: Promise<number | NodeJS.Signals>

  constructor(program: string, ...args: string[]) {
    this.child = spawn(process.execPath, [`examples/${program}`, ...args], { timeout: 60_000 })
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      this.output += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.errors += text
    })
    this.over = once(this.child, 'close').then(([code, signal]) => code ?? signal)
  }

  /** The first line of its output that matches, also one that is there already. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output)
      if (match) return match
      const more = once(this.child.stdout, 'data')
      const ended = await Promise.race([more.then(() => false), this.over.then(() => true)])
      if (ended && !pattern.test(this.output))
        throw new Error(`it ended without ${pattern}: ${this.output}${this.errors}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.over
  }
}
