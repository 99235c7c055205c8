// The command `lws-ss get`.
import type { Context } from '../context/context.js'
import { openContext } from '../context/open-context.js'
import { NackError } from '../errors/nack-error.js'
import type { PolicyError } from '../policy/index.js'
import { CommandError } from './command-error.mjs'
import { ExitStatus, exitStatusOf } from './exit-status.mjs'
import { messagesToSend } from './get/input.mjs'
import { InputFile } from './get/input-file.mjs'
import { watchInterrupts } from './get/interrupts.mjs'
import type { Outcome } from './get/outcome.mjs'
import { Output } from './get/output.mjs'
import { Session } from './get/session.mjs'
import { transact } from './get/transaction.mjs'
import { readPolicy } from './read-policy.mjs'
import { tellPolicyError } from './tell-policy-error.mjs'

/** What the arguments of `lws-ss get` say. */
export interface GetOptions {
  readonly metadata?: Readonly<Record<string, string>>
  readonly data?: string
  readonly dataFile?: string
  readonly output?: string
  readonly binary?: boolean
  /** Seconds. */
  readonly wait?: number
  readonly json?: boolean
}

// How many seconds of silence end a session after its input. A session that only listens goes on.
const DEFAULT_WAIT = 1

/** @throws CommandError for options that would do nothing */
function refuseWithoutEffect(streamtype: string, options: GetOptions): void {
  for (const option of ['wait', 'binary'] as const)
    if (options[option] !== undefined)
      throw new CommandError(
        `'${streamtype}' performs one transaction, for which --${option} has no meaning`,
        ExitStatus.Misused,
      )
}

async function perform(
  context: Context,
  streamtype: string,
  options: GetOptions,
): Promise<Outcome> {
  const kind = context.kindOf(streamtype)
  if (kind.isTransactional) refuseWithoutEffect(streamtype, options)
  const { metadata = {}, dataFile } = options
  const output = await Output.open(options.output)
  const signal = watchInterrupts()
  let file: InputFile | undefined
  try {
    file = dataFile === undefined ? undefined : await InputFile.open(dataFile)
    const given = file ?? options.data
    if (kind.isTransactional)
      return await transact(context, streamtype, { metadata, body: given, output, signal })
    const form = !kind.isFramed ? 'bytes' : options.binary ? 'message' : 'lines'
    const messages = given === undefined && !kind.canSend ? undefined : messagesToSend(given, form)
    const wait = options.wait ?? (messages ? DEFAULT_WAIT : undefined)
    const session = new Session(context.stream(streamtype, { metadata }), {
      exchange: kind.exchange,
      ...(kind.exchange === 'messages' && {
        kind: options.binary || kind.sendsBinary ? 'binary' : 'text',
      }),
      // With QoS 0 a broker does not acknowledge a message.
      acknowledged: kind.acknowledged && kind.qos > 0,
      asLines: form === 'lines',
      output,
      ...(wait !== undefined && { wait: wait * 1000 }),
    })
    return await session.run(messages, signal)
  } finally {
    await output.close()
    await file?.close()
  }
}

function tell(result: object, { output }: GetOptions): void {
  // The payload goes to standard output unless a file takes it.
  const stream = output === undefined ? process.stderr : process.stdout
  stream.write(`${JSON.stringify(result)}\n`)
}

/** @throws errors that every command reports in the same way */
function tellFailure(error: unknown, policy: string, streamtype: string, options: GetOptions) {
  const status = exitStatusOf(error)
  if (options.json && status !== undefined) {
    const { code, message, diagnostics } = error as Partial<PolicyError>
    tell({ streamtype, error: { code, message, diagnostics } }, options)
    process.exitCode = status
    return
  }
  tellPolicyError(error, policy)
}

/**
 * `lws-ss get`: one transaction, or a session on standard input and output.
 *
 * @throws CommandError, SecureStreamError, when it fails before or on the way
 */
export async function get(policy: string, streamtype: string, options: GetOptions): Promise<void> {
  let context: Context | undefined
  try {
    context = await openContext({ policy: readPolicy(policy) })
    const outcome = await perform(context, streamtype, options)
    if (options.json) tell({ streamtype, ...outcome }, options)
    if (outcome.acked !== false) return
    if (!options.json) throw new NackError(streamtype, outcome.state)
    process.exitCode = ExitStatus.Refused
  } catch (error) {
    tellFailure(error, policy, streamtype, options)
  } finally {
    await context?.close()
  }
}
