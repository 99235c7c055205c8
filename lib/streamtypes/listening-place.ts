/** Where a server streamtype listens. */
import type { Streamtype } from '../policy/form/types.js'

/** What the policy's `endpoint` and `port` are for a server. */
export class ListeningPlace {
  /** The interface or address; `undefined` for all of them, and without a port. */
  readonly host: string | undefined
  readonly port: number
  /** Of a unix socket; with `@` in front it is in Linux's abstract namespace. */
  readonly path: string | undefined
  /** The name of the virtual host that it is bound to, instead of a place of its own. */
  readonly vhost: string | undefined

  constructor({ endpoint = '', port = 0 }: Streamtype) {
    this.path = endpoint.startsWith('+') ? endpoint.slice(1) : undefined
    this.vhost = endpoint.startsWith('!') ? endpoint.slice(1) : undefined
    this.host = /^[+!]|^$/.test(endpoint) ? undefined : endpoint
    this.port = port
  }

  toString(): string {
    if (this.path !== undefined) return this.path
    if (this.host === undefined) return `port ${this.port}`
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`
  }
}
