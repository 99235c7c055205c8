// Starts peers before the tests of a suite, and ends them afterwards.

import { after, before } from 'node:test'
import type { Peer } from '../peers/index.js'

/** A list whose members are disposed of when the tests of the suite that calls this are done. */
export function disposedAfterSuite<T extends AsyncDisposable>(): T[] {
  const all: T[] = []
  after(async () => {
    for (const one of all) await one[Symbol.asyncDispose]()
  })
  return all
}

/** The ports of peers that are there, from before its tests until after them, for the suite that calls this. */
export function portsOfPeers<Name extends string>(
  starts: Readonly<Record<Name, () => Promise<Peer>>>,
): Record<Name, number> {
  const peers = disposedAfterSuite<Peer>()
  const ports = {} as Record<Name, number>
  before(async () => {
    for (const [name, start] of Object.entries<() => Promise<Peer>>(starts)) {
      const peer = await start()
      peers.push(peer)
      ports[name as Name] = peer.port
    }
  })
  return ports
}
