/** Servers that share the port of another, `site`. */
import type { Context, ServeOptions } from 'lws-secure-streams'
import { httpServer } from './servers.js'

/** Says which streamtype has answered. */
export const naming: ServeOptions = {
  transaction: async (txn) => txn.ack().end(`${txn.stream.streamtype}${await txn.request.text()}`),
}

export const bound = (more = {}) => httpServer({ endpoint: '!site', ...more })

export const disposing = (context: Context) => ({
  [Symbol.asyncDispose]: async () => {
    context.destroy()
    await context.close()
  },
})
