import type { Context } from '../context/context.js'
import { openContext } from '../context/open-context.js'
import { NackError } from '../errors/nack-error.js'
import { PolicyError } from '../policy/index.js'
import { streamTraits } from '../stream/streamtype-traits.js'
import { CommandError } from './command-error.mjs'
import { ExitStatus, exitStatusOf } from './exit-status.mjs'
import { findingLine } from './finding.mjs'
import { messagesToSend } from './get/input.mjs'
import { InputFile } from './get/input-file.mjs'
import { watchInterrupts } from './get/interrupts.mjs'
import type { Outcome } from './get/outcome.mjs'
import { Output } from './get/output.mjs'
import { Session } from './get/session.mjs'
import { transact } from './get/transaction.mjs'
import { readPolicy } from './read-policy.mjs'

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

// What ends a session whose input has ended; one that only listens has none.
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
  const definition = context.definition(streamtype)
  const { transactional, acknowledged, canSend } = streamTraits(definition)
  if (transactional) refuseWithoutEffect(streamtype, options)
  const { metadata = {}, dataFile } = options
  const output = await Output.open(options.output)
  const signal = watchInterrupts()
  let file: InputFile | undefined
  try {
    file = dataFile === undefined ? undefined : await InputFile.open(dataFile)
    const given = file ?? options.data
    if (transactional)
      return await transact(context, streamtype, { metadata, body: given, output, signal })
    const { protocol = 'h1', ws_binary } = definition
    const isRaw = protocol === 'raw'
    const form = isRaw ? 'bytes' : options.binary ? 'message' : 'lines'
    const messages = given === undefined && !canSend ? undefined : messagesToSend(given, form)
    const wait = options.wait ?? (messages ? DEFAULT_WAIT : undefined)
    const session = new Session(context.stream(streamtype, { metadata }), {
      protocol,
      ...(protocol === 'ws' && { kind: options.binary || ws_binary ? 'binary' : 'text' }),
      // With QoS 0 brokers do not say whether they have it.
      acknowledged: acknowledged && definition.mqtt_qos === 1,
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
  // Standard output has the payload, unless a file has it.
  const stream = output === undefined ? process.stderr : process.stdout
  stream.write(`${JSON.stringify(result)}\n`)
}

/** @throws what is to be told in the way of all commands */
function tellFailure(error: unknown, policy: string, streamtype: string, options: GetOptions) {
  const status = exitStatusOf(error)
  if (options.json && status !== undefined) {
    const { code, message, diagnostics } = error as Partial<PolicyError>
    tell({ streamtype, error: { code, message, diagnostics } }, options)
    process.exitCode = status
    return
  }
  if (!(error instanceof PolicyError)) throw error
  for (const diagnostic of error.diagnostics)
    console.error(findingLine({ file: policy, ...diagnostic }, process.stderr))
  throw new CommandError(`the policy ${policy} cannot be used`, ExitStatus.Failed)
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
