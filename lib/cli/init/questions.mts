// Asks on a terminal for what `lws-ss init` was not told.
import { createInterface } from 'node:readline/promises'
import { CommandError } from '../command-error.mjs'
import { ExitStatus } from '../exit-status.mjs'
import { paint } from '../paint.mjs'

/** Questions on standard error, so that standard output is what the command has to say. */
export class Questions {
  readonly #lines = createInterface({ input: process.stdin, output: process.stderr })
  readonly #ended = new AbortController()

  constructor() {
    // At Ctrl-C and Ctrl-D.
    this.#lines.on('close', () => this.#ended.abort())
  }

  /**
   * Asks until `take` has no objection.
   *
   * @param preset - the answer to an empty line
   * @throws CommandError at the end of the input
   */
  async ask<T>(question: string, preset: string, take: (answer: string) => T): Promise<T> {
    const shown = paint(question, 'bold', process.stderr)
    for (;;) {
      const answer = await this.#line(`${shown}${preset && ` [${preset}]`}: `)
      try {
        return take(answer.trim() || preset)
      } catch (error) {
        console.error(`  ${paint((error as Error).message, 'red', process.stderr)}`)
      }
    }
  }

  /** @throws CommandError at the end of the input */
  agree(question: string): Promise<boolean> {
    return this.ask(`${question} (y/n)`, 'n', (answer) => {
      if (/^(y|yes|n|no)$/i.test(answer)) return /^y/i.test(answer)
      throw new Error('y or n?')
    })
  }

  close(): void {
    this.#lines.close()
  }

  async #line(prompt: string): Promise<string> {
    try {
      return await this.#lines.question(prompt, { signal: this.#ended.signal })
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error
      console.error()
      throw new CommandError('nothing was written', ExitStatus.Interrupted)
    }
  }
}
