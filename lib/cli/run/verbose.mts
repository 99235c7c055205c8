// What `lws-ss run --verbose` says of what happens on the wire.
import { X509Certificate } from 'node:crypto'
import type { Context } from '../../context/context.js'
import type { Reply } from '../../requests/reply.js'
import type { Kind } from '../../streamtypes/kind.js'
import { type Colour, paint } from '../paint.mjs'
import { statusInWords } from '../words.mjs'
import type { Dialect, Way } from './wire/dialect.mjs'
import { Http1 } from './wire/http1.mjs'
import { Http2 } from './wire/http2.mjs'
import { Mqtt } from './wire/mqtt.mjs'
import { Raw } from './wire/raw.mjs'

const COLOURS: Readonly<Record<Way | '*', Colour>> = { '*': 'dim', '>': 'cyan', '<': 'green' }

// A peer's words are not to be orders for a terminal.
const harmless = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}')

function say(mark: Way | '*', text: string): void {
  console.error(paint(`${mark} ${harmless(text)}`, COLOURS[mark], process.stderr))
}

function certificateInWords(der: string): string {
  const { subject, issuer, validTo } = new X509Certificate(Buffer.from(der, 'latin1'))
  const inLine = (name = '') => name.replaceAll('\n', ', ')
  return `certificate of ${inLine(subject)}, from ${inLine(issuer)}, valid until ${validTo}`
}

/** Follows the connections of a context that has one stream. */
export class Verbose {
  readonly #kind: Kind
  readonly #dialects = new Map<number, Dialect>()

  constructor(context: Context, kind: Kind) {
    this.#kind = kind
    context.on('log', ({ level, text }) => {
      if (level !== 'debug') say('*', text)
    })
    context.listenToTraffic(this.#open, this.#hear)
  }

  /** The head of an answer by HTTP/2, which is compressed on the wire. */
  answered({ status, headers }: Reply): void {
    if (![...this.#dialects.values()].some((dialect) => dialect instanceof Http2)) return
    say('<', `HTTP/2 ${statusInWords(status)}`)
    for (const [name, value] of headers) say('<', `${name}: ${value}`)
  }

  #open = (
    _: number,
    address: string,
    port: number,
    version: string,
    cipher: string,
    alpn: string,
    certificate: string,
  ): void => {
    say('*', address ? `connected to ${address}, port ${port}` : 'connected')
    if (version) say('*', `${version}, ${cipher}${alpn && `, ALPN ${alpn}`}`)
    if (certificate) say('*', certificateInWords(certificate))
  }

  #hear = (connection: number, sent: boolean, bytes: string): void => {
    const way = sent ? '>' : '<'
    let rest = bytes
    for (;;) {
      const dialect = this.#dialects.get(connection) ?? this.#dialectOf(rest)
      const change = dialect.hear(way, rest)
      this.#dialects.set(connection, change?.dialect ?? dialect)
      if (!change?.rest) return
      rest = change.rest
    }
  }

  #dialectOf(beginning: string): Dialect {
    const { exchange } = this.#kind
    if (exchange === 'publishes') return new Mqtt(say)
    if (exchange === 'bytes') return new Raw(say)
    return beginning.startsWith('PRI * HTTP/2') ? new Http2(say) : new Http1(say)
  }
}
