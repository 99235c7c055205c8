/** Clients that ask all the time, and note each answer and each failure. */
import { once } from 'node:events'
import http from 'node:http'

export interface LoadOptions {
  /** How many clients keep their connection, and how many have a new one for each request. */
  keeping?: number
  anew?: number
}

/** Begins at once; `stop()` ends it. */
export class SteadyLoad {
  /** The bodies of the answers, each as often as it came. */
  readonly answers = new Map<string, number>()
  /** What went wrong. */
  readonly failures: string[] = []
  readonly #port: number
  readonly #clients: Promise<void>[]
  #isOver = false
  #onAnswer = () => {}

  constructor(port: number, { keeping = 4, anew = 4 }: LoadOptions = {}) {
    this.#port = port
    const keepers = Array.from({ length: keeping }, () => new http.Agent({ keepAlive: true }))
    const others = Array.from({ length: anew }, () => undefined)
    this.#clients = [...keepers, ...others].map((agent) => this.#client(agent))
  }

  /** Settles when there are so many different answers. */
  async answered(count: number): Promise<void> {
    while (this.answers.size < count)
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve
      })
  }

  /** Settles when so many more requests have been answered. */
  async goesOn(count: number): Promise<void> {
    for (const until = this.total + count; this.total < until; )
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve
      })
  }

  get total(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients)
  }

  async #client(agent: http.Agent | undefined): Promise<void> {
    while (!this.#isOver) {
      try {
        this.#note(await this.#ask(agent))
      } catch (error) {
        this.failures.push(`${agent ? 'kept' : 'new'}: ${error}`)
      }
    }
    agent?.destroy()
  }

  async #ask(agent: http.Agent | undefined): Promise<string> {
    const request = http.get({ port: this.#port, agent: agent ?? false })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const body = String(Buffer.concat(await response.toArray()))
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${body}`)
    return body
  }

  #note(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1)
    this.#onAnswer()
  }
}
