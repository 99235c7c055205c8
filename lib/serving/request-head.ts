/** What a request says before its body. */
import { headersOf } from '../messages/answer-head.js'

/** The head of a request, in the form in which the addon tells it. */
export class RequestHead {
  readonly method: string
  /** The path and the query, as they came. */
  readonly target: string
  readonly hasBody: boolean
  readonly #fields: string

  /** @param text - the method and the target, and a line for each field */
  constructor(text: string, hasBody: boolean) {
    const end = text.indexOf('\n')
    const space = text.indexOf(' ')
    this.method = text.slice(0, space)
    this.target = text.slice(space + 1, end)
    this.hasBody = hasBody
    this.#fields = text.slice(end + 1)
  }

  headers(): Headers {
    return headersOf(this.#fields)
  }
}
