// What the options of `lws-ss` take, and what they say about anything else.
import { InvalidArgumentError } from 'commander'
import { parseHttpProxy } from '../context/http-proxy.js'

/** Adds a `name=value` to those that were given before. */
export function addMetadata(
  given: string,
  before: Record<string, string> = {},
): Record<string, string> {
  const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(given) ?? []
  if (name === undefined) throw new InvalidArgumentError('It has the form name=value.')
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`'${name}' has a value already.`)
  return { ...before, [name]: value }
}

export function toSeconds(given: string): number {
  const seconds = given.trim() === '' ? Number.NaN : Number(given)
  if (!(seconds >= 0)) throw new InvalidArgumentError('It is a number of seconds.')
  return seconds
}

export function toTimeLimit(given: string): number {
  const seconds = toSeconds(given)
  if (seconds === 0) throw new InvalidArgumentError('It is more than 0 seconds.')
  return seconds
}

export function toPort(given: string): number {
  const port = given.trim() === '' ? Number.NaN : Number(given)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new InvalidArgumentError('It is a number from 0 to 65535.')
}

/** The URL of a proxy, or `env`. */
export function toProxy(given: string): string {
  const proxy = given === 'env' ? undefined : parseHttpProxy(given)
  if (typeof proxy === 'string') throw new InvalidArgumentError(`It ${proxy}.`)
  return given
}
