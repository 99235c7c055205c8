/** The servers of a context. */
import { Registry } from '../registry.js'
import { hostFor } from '../serving/bound-servers.js'
import { requireServer } from '../serving/refusals.js'
import { checkCallbacks, type ServeOptions } from '../serving/serve-options.js'
import { Server, type ServingSource } from '../serving/server.js'
import type { Vhost } from '../serving/vhost.js'
import type { Kind } from '../streamtypes/kind.js'
import type { ContextLife } from './context-life.js'

/** What servers are made from. */
export interface ServerSource extends ServingSource {
  readonly kindOf: (streamtype: string) => Kind
  /** Those that the context was opened with, by name. */
  readonly vhosts: ReadonlyMap<string, Vhost>
}

/** Opens servers, and knows those that are open. */
export class OpenServers implements Iterable<Server> {
  readonly #life: ContextLife
  readonly #source: ServerSource
  readonly #servers = new Registry<Server>()

  constructor(life: ContextLife, source: ServerSource) {
    this.#life = life
    this.#source = source
  }

  [Symbol.iterator](): Iterator<Server> {
    return this.#servers[Symbol.iterator]()
  }

  /** Rejects with what `context.serve()` rejects with. */
  async open(streamtype: string, options: ServeOptions): Promise<Server> {
    this.#life.requireOpen()
    const kind = this.#source.kindOf(streamtype)
    requireServer(kind)
    checkCallbacks(kind, options)
    options.signal?.throwIfAborted()
    const host = hostFor(kind, options, this.#servers, this.#source.vhosts)
    const server = new Server(this.#source, kind, options)
    host?.bind(server)
    const place = this.#servers.add(server)
    server.over.then(() => this.#servers.remove(place))
    return server
  }
}
