// The progress bar of `lws-ss run`.
import { SingleBar } from 'cli-progress'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const
const NARROW = 8
const WIDE = 30
/** What is beside the bar has at most so many columns. */
const TEXT = 62

/** At most eight signs, such as `12.3 MB`. */
function inUnits(bytes: number): string {
  let rest = bytes
  let unit = 0
  for (; rest >= 999.95 && unit < UNITS.length - 1; unit++) rest /= 1000
  return `${unit === 0 ? Math.round(rest) : rest.toFixed(1)} ${UNITS[unit]}`
}

/** As a clock shows it: `0:07`, `1:02:03`. */
function asClock(seconds: number): string {
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor)
  const twoDigits = (number = 0) => String(number).padStart(2, '0')
  return hours
    ? `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}`
    : `${minutes}:${twoDigits(rest)}`
}

/**
 * Shows on standard error, when that is a terminal, how much of a file has been sent or received, how
 * fast, and how long the rest takes at that rate.
 */
export class Progress {
  readonly #bar: SingleBar | undefined
  readonly #total: number | undefined
  readonly #begun = performance.now()

  /** `total`: the length of the whole in bytes, where it is known. */
  constructor(label: string, total: number | undefined) {
    this.#total = total
    if (!process.stderr.isTTY) return
    const share = total === undefined ? '{value}' : '{bar} {percentage} %  {value} of {total}'
    this.#bar = new SingleBar({
      format: `${label}  ${share}  {rate}{left}`,
      stream: process.stderr,
      barsize: Math.min(WIDE, Math.max(NARROW, (process.stderr.columns || 80) - TEXT)),
      formatValue: (value, _, type) =>
        type === 'value' || type === 'total' ? inUnits(value) : String(value),
      gracefulExit: false,
    })
    this.#bar.start(total ?? 0, 0, { rate: '', left: '' })
  }

  update(bytes: number): void {
    if (!this.#bar) return
    const seconds = (performance.now() - this.#begun) / 1000
    const perSecond = seconds > 0 ? bytes / seconds : 0
    const rest = (this.#total ?? 0) - bytes
    const left = rest > 0 && perSecond > 0 ? `  ${asClock(Math.ceil(rest / perSecond))} left` : ''
    this.#bar.update(bytes, { rate: `${inUnits(perSecond)}/s`, left })
    if (rest === 0) this.stop()
  }

  stop(): void {
    this.#bar?.stop()
  }
}
