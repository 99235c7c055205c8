/** A server of h2, with one client of node:http2. */
import { once } from 'node:events'
import type { ServeOptions, Transaction } from 'lws-secure-streams'
import { H2Client } from './h2-client.js'
import { serveHttp } from './servers.js'

type Streamtype = Parameters<typeof serveHttp>[1]

export const serveH2 = (options: ServeOptions, more: Streamtype = {}) =>
  serveHttp(options, { protocol: 'h2', ...more })

/** A server of h2 with one client of node:http2, which has its settings. */
export async function serveClient(options: ServeOptions, more: Streamtype = {}) {
  const site = await serveH2(options, more)
  const client = new H2Client(site.url)
  await once(client.session, 'remoteSettings')
  return {
    ...site,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
    },
  }
}

export type Handler = (transaction: Transaction) => unknown

/** The same, for a handler of `transaction`. */
export const connected = (transaction: Handler) => serveClient({ transaction })

/** A promise, and what settles it. */
export function settled<T = void>() {
  let settle!: (value: T) => void
  const promise = new Promise<T>((resolve) => {
    settle = resolve
  })
  return { promise, settle }
}
