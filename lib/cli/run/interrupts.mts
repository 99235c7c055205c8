// How Ctrl-C ends `lws-ss run`.
import { CommandError } from '../command-error.mjs'
import { ExitStatus } from '../exit-status.mjs'

/** A signal that the first Ctrl-C aborts. The second Ctrl-C ends the process at once. */
export function watchInterrupts(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () =>
      controller.abort(new CommandError(`ended by ${name}`, ExitStatus.Interrupted)),
    )
  return controller.signal
}
