/** What fetch() gets of a handler of `transaction`. */
import type { Transaction } from 'lws-secure-streams'
import { serveHttp } from './servers.js'

export type Handler = (transaction: Transaction) => unknown

/** The response to one request. */
export async function fetched(
  handler: Handler,
  path = '/',
  init: RequestInit = {},
): Promise<Response> {
  await using site = await serveHttp({ transaction: handler })
  const response = await fetch(`${site.url}${path}`, init)
  // While there is a server.
  const body = await response.arrayBuffer()
  return new Response([204, 205, 304].includes(response.status) ? null : body, response)
}

/** The next exception that nobody catches. */
export function uncaught(): Promise<unknown> {
  return new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback((error) => {
      process.setUncaughtExceptionCaptureCallback(null)
      resolve(error)
    })
  })
}
