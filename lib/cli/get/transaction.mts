// A transaction of `lws-ss get` on h1 or h2.
import type { Context } from '../../context/context.js'
import type { Reply } from '../../requests/reply.js'
import type { InputFile } from './input-file.mjs'
import type { Outcome } from './outcome.mjs'
import type { Output } from './output.mjs'

interface TransactionOptions {
  readonly metadata: Readonly<Record<string, string>>
  readonly body: string | InputFile | undefined
  readonly output: Output
  readonly signal: AbortSignal
}

/** The length that the answer's headers promise, if they do. */
function promisedLength({ headers }: Reply): number | undefined {
  return Number(headers.get('content-length')) || undefined
}

/** One transaction; the answer's payload goes to `output`. */
export async function transact(
  context: Context,
  streamtype: string,
  { metadata, body, output, signal }: TransactionOptions,
): Promise<Outcome> {
  const request = { metadata, signal, ...(body !== undefined && { body }) }
  const reply = await context.request(streamtype, request)

  await output.begin(promisedLength(reply))
  for await (const piece of reply.body) if (!(await output.write(piece))) break
  return {
    acked: reply.acked,
    state: reply.state,
    metadata: { ...metadata, ...reply.metadata },
    sent: typeof body === 'object' ? body.size : Buffer.byteLength(body ?? ''),
    received: output.bytes,
  }
}
