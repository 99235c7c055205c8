// What `lws-ss run` sends.
import { createInterface } from 'node:readline'
import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { InputFile } from './input-file.mjs'

/** How standard input becomes messages: each line is one, all of it is one, or it has none. */
export type InputForm = 'lines' | 'message' | 'bytes'

/** One message of a session. */
export type Sendable = string | Uint8Array | InputFile

/** What a session sends: the one text or file that is given, otherwise what standard input has. */
export async function* messagesToSend(
  given: string | InputFile | undefined,
  form: InputForm,
): AsyncGenerator<Sendable, void, void> {
  if (typeof given === 'string') yield given
  else if (given && form === 'bytes') yield* given.pieces()
  else if (given) yield given
  else if (form === 'message') yield await buffer(process.stdin)
  else if (form === 'bytes') yield* process.stdin
  else yield* createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
}

/** All of standard input. @throws the signal's reason */
export async function standardInput(signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await buffer(addAbortSignal(signal, process.stdin))
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
