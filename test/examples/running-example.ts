// The policies of the examples, with the addresses of the servers that the tests have started.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { PolicyInput } from 'lws-secure-streams'
import { overlayPolicy } from 'lws-secure-streams/policy'

/** The policy of an example, as somebody would change it who has other servers. */
export function examplePolicy(
  file: string,
  streamtypes: Record<string, object>,
  more: PolicyInput = {},
): string {
  const s = Object.entries(streamtypes).map(([name, changes]) => ({ [name]: changes }))
  const policy = overlayPolicy(readFileSync(`examples/${file}`), { ...more, s } as PolicyInput)
  return JSON.stringify(policy)
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

  /** What of its output matches, now or later. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#match(pattern, this.child.stdout, () => this.output)
  }

  /** What of its errors matches, now or later. */
  error(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#match(pattern, this.child.stderr, () => this.errors)
  }

  async #match(pattern: RegExp, stream: Readable, text: () => string): Promise<RegExpExecArray> {
    const ended = this.over.then(() => true)
    for (let isOver = false; ; ) {
      const match = pattern.exec(text())
      if (match) return match
      if (isOver) throw new Error(`ended without ${pattern}: ${this.output}${this.errors}`)
      isOver = await Promise.race([once(stream, 'data').then(() => false), ended])
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.over
  }
}
