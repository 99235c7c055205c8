// The progress bar of `lws-ss get`.
import { SingleBar } from 'cli-progress'

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** Shows how much of a file has been sent or received, on standard error when that is a terminal. */
export class Progress {
  readonly #bar: SingleBar | undefined

  /** `total`: the length of the whole in bytes, where it is known. */
  constructor(label: string, total: number | undefined) {
    if (!process.stderr.isTTY) return
    const share = total === undefined ? '{value}' : '{bar} {percentage} %  {value} / {total}'
    this.#bar = new SingleBar({
      format: `${label}  ${share}`,
      stream: process.stderr,
      formatValue: (value, _, type) =>
        type === 'value' || type === 'total' ? megabytes(value) : String(value),
      gracefulExit: false,
    })
    this.#bar.start(total ?? 0, 0)
  }

  update(bytes: number): void {
    this.#bar?.update(bytes)
  }

  stop(): void {
    this.#bar?.stop()
  }
}
