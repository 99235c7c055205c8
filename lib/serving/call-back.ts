/** Calls what a program has given for events of its server. */
import { native } from '../addon/native.js'
import { BadRequestError } from '../errors/bad-request-error.js'

/**
 * What `callback` throws, or rejects with, is the program's; `fail` is called before it is told. That its
 * client is gone, which `isEnd` knows, or has sent what is no request, is no fault of the program, and is not told.
 */
export function callBack<T>(
  callback: (argument: T) => unknown,
  argument: T,
  isEnd: (error: unknown) => boolean,
  fail: (error: unknown) => void,
): void {
  const failed = (error: unknown) => {
    if (isEnd(error)) return
    fail(error)
    if (error instanceof BadRequestError) return
    native().reportUncaught(error)
  }
  try {
    const returned = callback(argument) as PromiseLike<unknown> | undefined
    if (typeof returned?.then === 'function') returned.then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}
