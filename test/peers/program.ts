// Finds and starts server programs of the system.

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'

function search(name: string): string | undefined {
  // Debian keeps servers in sbin, which is not on an ordinary user's PATH.
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
  ]
  return folders.map((folder) => path.join(folder, name)).find(existsSync)
}

/** The path of a server program of the system. */
export function findProgram(name: string): string {
  const found = search(name)
  if (!found) throw new Error(`${name} is missing`)
  return found
}

/** Whether there is a program that tests can do without. */
export const hasProgram = (name: string): boolean => search(name) !== undefined

/** For programs that cannot choose one; another may be faster to take it. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
