// HTTP/1.1 and the upgrade to ws, in words: the heads as they are, bodies not at all.
import type { Change, Dialect, Say, Way } from './dialect.mjs'
import { WebSocketFrames } from './websocket.mjs'

const END = '\r\n\r\n'
const SECRET = /^((?:proxy-)?authorization: *\S+) .*$/i
const REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.1\r\n/

/** A header field without what nobody else is to read. */
export const withoutSecrets = (line: string) => line.replace(SECRET, '$1 (not shown)')

export class Http1 implements Dialect {
  readonly #say: Say
  /** The head that is arriving; `undefined` from its end on. */
  readonly #heads: Record<Way, string | undefined> = { '>': '', '<': '' }
  #isAnswered = false

  constructor(say: Say) {
    this.#say = say
  }

  hear(way: Way, bytes: string): Change {
    // The next request on the same connection.
    if (way === '>' && this.#isAnswered && REQUEST_LINE.test(bytes)) {
      this.#isAnswered = false
      this.#heads['>'] = this.#heads['<'] = ''
    }
    const before = this.#heads[way]
    if (before === undefined) return undefined
    const head = before + bytes
    const end = head.indexOf(END)
    this.#heads[way] = end === -1 ? head : undefined
    return end === -1
      ? undefined
      : this.#tell(way, head.slice(0, end), head.slice(end + END.length))
  }

  #tell(way: Way, head: string, rest: string): Change {
    for (const line of head.split('\r\n')) this.#say(way, withoutSecrets(line))
    if (way === '>') return undefined
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1])
    if (status === 101) return { dialect: new WebSocketFrames(this.#say), rest }
    if (status >= 200) this.#isAnswered = true
    else {
      this.#heads['<'] = ''
      if (rest !== '') return this.hear('<', rest)
    }
    return undefined
  }
}
