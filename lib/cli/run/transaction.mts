// A transaction of `lws-ss run` on h1 or h2.
import { STATUS_CODES } from 'node:http'
import type { Context } from '../../context/context.js'
import type { Reply } from '../../requests/reply.js'
import type { InputFile } from './input-file.mjs'
import type { Answer } from './outcome.mjs'
import type { Output } from './output.mjs'
import type { Verbose } from './verbose.mjs'

interface TransactionOptions {
  readonly metadata: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | InputFile | undefined
  readonly output: Output
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly timeout: number | undefined
  readonly verbose: Verbose | undefined
}

/** The length of the payload that the answer's headers promise, if they do. */
function promisedLength({ headers }: Reply): number | undefined {
  // What is decoded is longer.
  if (headers.has('content-encoding')) return undefined
  return Number(headers.get('content-length')) || undefined
}

const lengthOf = (body: string | Uint8Array | InputFile = '') =>
  typeof body === 'string' ? Buffer.byteLength(body) : 'size' in body ? body.size : body.byteLength

/** One transaction; the answer's payload goes to `output`. */
export async function transact(
  context: Context,
  streamtype: string,
  { metadata, body, output, signal, timeout, verbose }: TransactionOptions,
): Promise<Answer> {
  const reply = await context.request(streamtype, {
    metadata,
    signal,
    ...(body !== undefined && { body }),
    ...(timeout !== undefined && { timeout }),
  })
  verbose?.answered(reply)
  output.begin(promisedLength(reply))
  for await (const piece of reply.body) if (!(await output.write(piece))) break
  return {
    acked: reply.acked,
    state: reply.state,
    status: reply.status,
    statusText: STATUS_CODES[reply.status] ?? '',
    url: reply.url,
    headers: Object.fromEntries(reply.headers),
    metadata: { ...metadata, ...reply.metadata },
    sent: lengthOf(body),
    received: output.bytes,
  }
}
