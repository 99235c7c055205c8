import { onAbort } from '../on-abort.js'

/** Aborts `target` when `signal` is aborted, or at once; returns what ends the watch. */
export function destroyOnAbort(
  target: { abort(reason: unknown): void },
  signal: AbortSignal | undefined,
): (() => void) | undefined {
  if (!signal) return undefined
  const abort = () => target.abort(signal.reason)
  if (!signal.aborted) return onAbort(signal, abort)
  abort()
  return undefined
}
