// The command `lws-ss run`, also known as `get`.
import { readFileSync } from 'node:fs'
import type { Context } from '../context/context.js'
import { openContext } from '../context/open-context.js'
import type { PolicyError } from '../policy/index.js'
import type { Kind } from '../streamtypes/kind.js'
import { checkTrust, type Trust } from '../trust/trust.js'
import { CommandError } from './command-error.mjs'
import { ExitStatus, exitStatusOf } from './exit-status.mjs'
import { readPolicy } from './read-policy.mjs'
import { endingInWords } from './run/ending.mjs'
import { withHint } from './run/failure.mjs'
import { messagesToSend, standardInput } from './run/input.mjs'
import { InputFile } from './run/input-file.mjs'
import { watchInterrupts } from './run/interrupts.mjs'
import type { Answer, SessionOutcome } from './run/outcome.mjs'
import { Output } from './run/output.mjs'
import { refusalOf } from './run/refusal.mjs'
import { Session } from './run/session.mjs'
import { transact } from './run/transaction.mjs'
import { Verbose } from './run/verbose.mjs'
import { tellPolicyError } from './tell-policy-error.mjs'

/** What the arguments of `lws-ss run` say. */
export interface RunOptions {
  readonly metadata?: Readonly<Record<string, string>>
  readonly data?: string
  readonly dataFile?: string
  readonly output?: string
  readonly binary?: boolean
  /** Seconds. */
  readonly wait?: number
  /** Seconds. */
  readonly timeout?: number
  readonly ca?: string
  readonly proxy?: string
  readonly verbose?: boolean
  readonly json?: boolean
}

// How many seconds of silence end a session after its input. A session that only listens goes on.
const DEFAULT_WAIT = 1
const STANDARD_INPUT = '-'

/** What is to be trusted. @throws CommandError when that is a file without certificates */
function trustOf(ca: string): Trust {
  if (ca === 'system' || ca === 'node') return ca
  try {
    const certificates = readFileSync(ca)
    checkTrust(certificates)
    return certificates
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    const why = syscall ? `cannot be read: ${message}` : 'holds no certificate, as PEM or DER'
    throw new CommandError(`the file ${ca} ${why}`, ExitStatus.Failed)
  }
}

/** @throws CommandError for options that would do nothing */
function refuseWithoutEffect(streamtype: string, options: RunOptions): void {
  for (const option of ['wait', 'binary'] as const)
    if (options[option] !== undefined)
      throw new CommandError(
        `'${streamtype}' performs one transaction, for which --${option} has no meaning`,
        ExitStatus.Misused,
      )
}

/** What goes in and out beside the options. */
interface Ends {
  readonly file: InputFile | undefined
  readonly output: Output
  readonly signal: AbortSignal
  readonly verbose: Verbose | undefined
}

async function performTransaction(
  context: Context,
  streamtype: string,
  { metadata = {}, data, dataFile, timeout }: RunOptions,
  { file, output, signal, verbose }: Ends,
): Promise<Answer> {
  const body = dataFile === STANDARD_INPUT ? await standardInput(signal) : (file ?? data)
  return transact(context, streamtype, {
    metadata,
    body,
    output,
    signal,
    timeout: timeout === undefined ? undefined : timeout * 1000,
    verbose,
  })
}

function performSession(
  context: Context,
  kind: Kind,
  { metadata = {}, data, binary, wait, timeout }: RunOptions,
  { file, output, signal }: Ends,
): Promise<SessionOutcome> {
  const given = file ?? data
  const form = !kind.isFramed ? 'bytes' : binary ? 'message' : 'lines'
  const messages = given === undefined && !kind.canSend ? undefined : messagesToSend(given, form)
  const silence = wait ?? (messages ? DEFAULT_WAIT : undefined)
  const session = new Session(context.stream(kind.name, { metadata }), {
    exchange: kind.exchange,
    ...(kind.exchange === 'messages' && {
      kind: binary || kind.sendsBinary ? 'binary' : 'text',
    }),
    // With QoS 0 a broker does not acknowledge a message.
    acknowledged: kind.acknowledged && kind.qos > 0,
    asLines: form === 'lines',
    output,
    ...(silence !== undefined && { wait: silence }),
    ...(timeout !== undefined && { timeout }),
  })
  return session.run(messages, signal)
}

async function perform(
  context: Context,
  streamtype: string,
  options: RunOptions,
): Promise<Answer | SessionOutcome> {
  const kind = context.kindOf(streamtype)
  if (kind.role === 'server')
    throw new CommandError(
      `'${streamtype}' is a server in the policy: lws-ss serve runs it`,
      ExitStatus.Misused,
    )
  if (kind.isTransactional) refuseWithoutEffect(streamtype, options)
  const { dataFile } = options
  // A bar would be between the lines.
  const hasBar = !options.verbose
  const verbose = options.verbose ? new Verbose(context, kind) : undefined
  const output = await Output.open(options.output, hasBar)
  const signal = watchInterrupts()
  let file: InputFile | undefined
  try {
    const isFile = dataFile !== undefined && dataFile !== STANDARD_INPUT
    file = isFile ? await InputFile.open(dataFile, hasBar) : undefined
    const ends = { file, output, signal, verbose }
    return kind.isTransactional
      ? await performTransaction(context, streamtype, options, ends)
      : await performSession(context, kind, options, ends)
  } catch (error) {
    throw options.json ? error : withHint(error, kind)
  } finally {
    await output.close()
    await file?.close()
  }
}

function tell(result: object, { output }: RunOptions): void {
  // The payload goes to standard output unless a file takes it.
  const stream = output === undefined ? process.stderr : process.stdout
  stream.write(`${JSON.stringify(result)}\n`)
}

/** @throws errors that every command reports in the same way */
function tellFailure(error: unknown, policy: string, streamtype: string, options: RunOptions) {
  const status = exitStatusOf(error)
  if (options.json && status !== undefined) {
    const { code, message, diagnostics } = error as Partial<PolicyError>
    tell({ streamtype, error: { code, message, diagnostics } }, options)
    process.exitCode = status
    return
  }
  tellPolicyError(error, policy)
}

/** @throws CommandError when the peer did not accept */
function tellOutcome(
  context: Context,
  streamtype: string,
  outcome: Answer | SessionOutcome,
  options: RunOptions,
): void {
  if (options.json) tell({ streamtype, ...outcome }, options)
  else if ('ended' in outcome) console.error(`lws-ss: ${endingInWords(streamtype, outcome.ended)}`)
  if (outcome.acked !== false) return
  process.exitCode = ExitStatus.Refused
  if (options.json || !('status' in outcome)) return
  const [definition = {}] = (context.policy.s ?? []).flatMap((item) => item[streamtype] ?? [])
  throw new CommandError(refusalOf(streamtype, outcome, definition), ExitStatus.Refused)
}

/**
 * `lws-ss run`: one transaction, or a session on standard input and output.
 *
 * @throws CommandError, SecureStreamError, when it fails before or on the way
 */
export async function run(policy: string, streamtype: string, options: RunOptions): Promise<void> {
  let context: Context | undefined
  try {
    const { ca, proxy } = options
    context = await openContext({
      policy: readPolicy(policy),
      ...(ca !== undefined && { ca: trustOf(ca) }),
      ...(proxy !== undefined && { httpProxy: proxy }),
    })
    tellOutcome(context, streamtype, await perform(context, streamtype, options), options)
  } catch (error) {
    tellFailure(error, policy, streamtype, options)
  } finally {
    await context?.close()
  }
}
