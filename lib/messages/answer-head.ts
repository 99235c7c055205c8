/** The head of an answer: its status, its URL and its headers. */

/** Makes headers of lines such as `name:value`. */
export function headersOf(lines: string): Headers {
  const headers = new Headers()
  for (const line of lines.split('\n').slice(0, -1)) {
    const colon = line.indexOf(':')
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1))
    } catch {
      // HTTP does not allow the name, and a program could not ask for it.
    }
  }
  return headers
}

/** What an answer says besides its payload. */
export class AnswerHead {
  readonly status: number
  /** Whether the payload has come to its end. */
  complete = false
  /** What follows the payload, once it has come. */
  trailers: Headers | undefined
  readonly #text: string

  /** @param text - as the addon writes it: whether there was a redirect, the URL, and the headers */
  constructor(status: number, text: string) {
    this.status = status
    this.#text = text
  }

  get redirected(): boolean {
    return this.#text[0] === '1'
  }

  get url(): string {
    return this.#text.slice(1, this.#text.indexOf('\n'))
  }

  headers(): Headers {
    return headersOf(this.#text.slice(this.#text.indexOf('\n') + 1))
  }
}
