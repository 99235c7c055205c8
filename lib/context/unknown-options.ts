/** Warnings of what a program says and nobody reads. */
import { didYouMean } from '../policy/read/suggest.js'
import type { RequestOptions } from '../requests/request.js'
import type { ServeOptions } from '../serving/serve-options.js'
import type { StreamHandlers } from '../streams/handlers.js'
import type { SendOptions, StreamOptions } from '../streams/stream-types.js'
import type { ContextOptions } from './open-context.js'

// Records, so that one that is left out does not compile.
const openContext: Record<keyof ContextOptions, true> = {
  policy: true,
  policyFile: true,
  overlays: true,
  ca: true,
  blobs: true,
  cookieJar: true,
  httpProxy: true,
  maxSockets: true,
  vhosts: true,
  signal: true,
}
const handlers: Record<keyof StreamHandlers, true> = { state: true, rx: true, tx: true }
const stream: Record<keyof StreamOptions | keyof StreamHandlers, true> = {
  metadata: true,
  signal: true,
  resend: true,
  perMessageDeflate: true,
  initialTxCredit: true,
  ...handlers,
}
const request: Record<keyof RequestOptions, true> = {
  metadata: true,
  body: true,
  json: true,
  decode: true,
  signal: true,
  timeout: true,
}
const serve: Record<keyof ServeOptions, true> = {
  connection: true,
  transaction: true,
  upgrade: true,
  reusePort: true,
  perMessageDeflate: true,
  limits: true,
  requestCert: true,
  rejectUnauthorized: true,
  ca: true,
  signal: true,
  ...handlers,
}
const send: Record<keyof SendOptions, true> = { metadata: true, binary: true, signal: true }

const known = { openContext, stream, request, serve, send } as const

/** A call that takes options. */
export type Call = keyof typeof known

/**
 * Warns of options that a call does not have, once for each name in `told`, by the process's event
 * 'warning', with code `LWS_SS_UNKNOWN_OPTION`.
 */
export function warnOfOptions(call: Call, options: object, told: Set<string>): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known[call], name) || options[name as never] === undefined) continue
    const hint = didYouMean(name, Object.keys(known[call]))
    tell(
      `${call}() has no option '${name}', which is ignored${hint}`,
      'LWS_SS_UNKNOWN_OPTION',
      told,
    )
  }
}

/** Warns of what the check of a policy says of a key that does not exist: `LWS_SS_UNKNOWN_KEY`. */
export function warnOfKey(finding: string, told: Set<string>): void {
  tell(finding, 'LWS_SS_UNKNOWN_KEY', told)
}

function tell(text: string, code: string, told: Set<string>): void {
  if (told.has(text)) return
  told.add(text)
  process.emitWarning(text, { type: 'SecureStreamsWarning', code })
}
