/** The watch over AbortSignals. */

// Many messages and streams may go by one signal, which warns of a leak when it has many listeners.
const watched = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `aborted` once when `signal` is aborted; returns what ends the watch. */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  let all = watched.get(signal)
  if (!all) {
    const callbacks = new Set<() => void>()
    const callAll = () => {
      watched.delete(signal)
      for (const callback of callbacks) callback()
    }
    signal.addEventListener('abort', callAll, { once: true })
    watched.set(signal, callbacks)
    all = callbacks
  }
  const callback = () => aborted()
  all.add(callback)
  return () => all.delete(callback)
}

/** Aborts `target` when `signal` is aborted, or at once; returns what ends the watch. */
export function abortWith(
  signal: AbortSignal | undefined,
  target: { abort(reason: unknown): void },
): (() => void) | undefined {
  if (!signal) return undefined
  const abort = () => target.abort(signal.reason)
  if (!signal.aborted) return onAbort(signal, abort)
  abort()
  return undefined
}
