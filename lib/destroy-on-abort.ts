/** Destroys `target` when `signal` is aborted, or at once; returns what ends the watch. */
export function destroyOnAbort(
  target: { destroy(reason?: Error): void },
  signal: AbortSignal | undefined,
): () => void {
  if (!signal) return () => {}
  const abort = () => target.destroy(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}
