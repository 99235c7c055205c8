// What a server's sockets have been given, and their clients' systems have not taken yet.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Settles when the systems of all clients have what the server at `port` has sent. Linux only. */
export async function allTaken(port: number): Promise<void> {
  for (;;) {
    const { stdout } = await run('ss', ['-tnH', 'state', 'established', 'sport', '=', `:${port}`])
    const unsent = stdout
      .split('\n')
      .filter((line) => line.trim() && !/^\d+\s+0\s/.test(line.trim()))
    if (unsent.length === 0) return
  }
}
