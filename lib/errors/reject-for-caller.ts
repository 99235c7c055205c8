// Rejects a promise with an error whose stack names the caller.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * Rejects a promise so that the stack of an error of ours names the functions that await the promise. The
 * stack of the place where the error is made shows the event loop alone. The reason of an abort is left
 * as it is. The promise must not be settled yet.
 */
export function rejectForCaller(
  promise: { resolve(value: PromiseLike<never>): void; reject(reason: unknown): void },
  reason: unknown,
): void {
  if (!(reason instanceof SecureStreamError)) {
    promise.reject(reason)
    return
  }
  let fail!: (reason: unknown) => void
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  const nameCaller = (error: unknown): never => {
    const { stack = '' } = error as Error
    Error.captureStackTrace(error as Error, nameCaller)
    if (!/^ +at /m.test((error as Error).stack ?? '')) (error as Error).stack = stack
    throw error
  }
  promise.resolve(failed.catch(nameCaller))
  fail(reason)
}
