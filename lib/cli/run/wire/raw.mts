// Bytes without a protocol, in words.
import { type Change, type Dialect, plural, type Say, type Way } from './dialect.mjs'

export class Raw implements Dialect {
  readonly #say: Say

  constructor(say: Say) {
    this.#say = say
  }

  hear(way: Way, bytes: string): Change {
    this.#say(way, plural(bytes.length, 'byte'))
    return undefined
  }
}
