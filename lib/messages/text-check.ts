/** The check of text that is sent in pieces. */
import { invalidArgValue } from '../arguments.js'

/** Tells whether pieces are UTF-8 when they are put together. */
export class TextCheck {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })

  /**
   * The next piece; `undefined` behind the last.
   *
   * @throws TypeError `ERR_INVALID_ARG_VALUE`
   */
  add(piece: Uint8Array | undefined): void {
    try {
      this.#decoder.decode(piece, { stream: piece !== undefined })
    } catch {
      throw notText('data', piece)
    }
  }
}

/** The error for bytes that are no text. */
export function notText(name: string, data: unknown): TypeError {
  return invalidArgValue(
    name,
    data,
    'is not text in UTF-8, which a text message of ws has to be: send it with ' +
      '{ binary: true }, or set ws_binary in the policy',
  )
}
