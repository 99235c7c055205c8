/** A virtual host of the vhost JSON. */
import { ListeningPlace } from '../streamtypes/listening-place.js'

/** What that JSON says of one. */
export type VhostKeys = Readonly<Record<string, string | number | boolean>>

/** One virtual host, as `openContext({ vhosts })` was given it. */
export class Vhost {
  readonly name: string
  readonly place: ListeningPlace
  readonly isSecure: boolean
  /** What libwebsockets is told. */
  readonly json: string

  /** `keys` have been checked. */
  constructor(keys: VhostKeys) {
    const { interface: endpoint = '', port } = keys
    this.name = keys.name as string
    this.place = new ListeningPlace({ endpoint: endpoint as string, port: port as number })
    this.isSecure = keys['host-ssl-cert'] !== undefined
    this.json = JSON.stringify({ vhosts: [keys] })
  }

  /** Whether both cannot listen. */
  excludes({ place: { host, port } }: Vhost): boolean {
    return port !== 0 && this.place.port === port && this.place.host === host
  }
}
