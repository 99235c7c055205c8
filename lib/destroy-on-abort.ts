import { onAbort } from './on-abort.js'

/** Destroys `target` when `signal` is aborted, or at once; returns what ends the watch. */
export function destroyOnAbort(
  target: { destroy(reason?: Error): void },
  signal: AbortSignal | undefined,
): (() => void) | undefined {
  if (!signal) return undefined
  const abort = () => target.destroy(signal.reason)
  if (!signal.aborted) return onAbort(signal, abort)
  abort()
  return undefined
}
