/** What a server bears of its clients: the limits, their defaults, and their check. */
import type { NativeLimits } from '../addon/native.js'
import { checkObject, invalidArgType, invalidArgValue, outOfRange } from '../arguments.js'
import { didYouMean } from '../policy/read/suggest.js'

/**
 * What the clients of a server may ask of it: `limits` of `context.serve()`. Times are in milliseconds,
 * sizes in bytes. `Infinity` takes a limit away, from all but `headerBytes` and `streamsPerConnection`.
 */
export interface ServerLimits {
  /**
   * The head of a request: its line and its headers. A longer one gets the status 431, with a target that
   * is too long by itself 414. The trailers of a request may be as long. From 512 to 65,535. Default: 32,768.
   */
  headerBytes?: number
  /**
   * The body of a request. A longer one gets the status 413: at once, when its length is known, otherwise
   * when so much has come. Default: `Infinity`, since a body stays in memory only as far as the program
   * does not read it, and then 1 MiB of it.
   */
  bodyBytes?: number
  /**
   * How long a client may take for the head of a request, from its first byte on, and for the first byte on
   * a new connection. Then it gets the status 408; one that has said nothing is disconnected.
   * Default: 60,000.
   */
  headersTimeout?: number
  /**
   * How long a client may take for all of a request, its head included. Time in which the program
   * does not read the body is not counted. Then it gets the status 408. Default: 300,000.
   */
  requestTimeout?: number
  /** How long a client may have no request, behind a response, before it is disconnected. Default: 5,000. */
  keepAliveTimeout?: number
  /**
   * A message on ws, of all its fragments together, and after it was inflated. A longer one ends the
   * connection, with the close code 1009. Default: 16,777,216.
   */
  messageBytes?: number
  /** How many streams a connection of h2 may have at once. From 1 to 2,147,483,647. Default: 100. */
  streamsPerConnection?: number
  /**
   * How many clients may be connected at once. On h1 without TLS one more gets the status 503; elsewhere
   * its connection is closed. Default: `Infinity`.
   */
  connections?: number
}

const MOST_32 = 0x7fffffff

interface Limit {
  readonly least: number
  readonly most: number
  readonly canBeInfinite: boolean
  readonly otherwise: number
}

const limit = (otherwise: number, most: number): Limit => ({
  least: 1,
  most,
  canBeInfinite: true,
  otherwise,
})

const all: Readonly<Record<keyof NativeLimits, Limit>> = {
  headerBytes: { least: 512, most: 0xffff, canBeInfinite: false, otherwise: 32_768 },
  bodyBytes: limit(Infinity, Number.MAX_SAFE_INTEGER),
  headersTimeout: limit(60_000, MOST_32),
  requestTimeout: limit(300_000, MOST_32),
  keepAliveTimeout: limit(5000, MOST_32),
  messageBytes: limit(16_777_216, Number.MAX_SAFE_INTEGER),
  streamsPerConnection: { least: 1, most: MOST_32, canBeInfinite: false, otherwise: 100 },
  connections: limit(Infinity, MOST_32),
}

const names = Object.keys(all) as (keyof NativeLimits)[]

/** @throws TypeError, RangeError */
export function checkLimits(name: string, limits: unknown): asserts limits is ServerLimits {
  checkObject(name, limits)
  for (const [key, value] of Object.entries(limits)) {
    const known = Object.hasOwn(all, key) ? all[key as keyof NativeLimits] : undefined
    if (!known)
      throw invalidArgValue(name, key, `knows no limit of that name${didYouMean(key, names)}`)
    if (value === undefined || (known.canBeInfinite && value === Infinity)) continue
    checkLimit(`${name}.${key}`, value, known)
  }
}

function checkLimit(name: string, value: unknown, { least, most, canBeInfinite }: Limit): void {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value)
  if (Number.isInteger(value) && value >= least && value <= most) return
  const range = `an integer >= ${least} && <= ${most}${canBeInfinite ? ', or Infinity' : ''}`
  throw outOfRange(name, range, value)
}

/** All limits, in the form in which the addon takes them. */
export function limitsFor(given: ServerLimits = {}): NativeLimits {
  const limits = {} as Record<keyof NativeLimits, number>
  for (const name of names) {
    const value = given[name] ?? all[name].otherwise
    limits[name] = value === Infinity ? 0 : value
  }
  return limits
}
