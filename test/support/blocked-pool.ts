// Keeps uv's thread pool busy.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * Keeps the only thread of uv's pool busy, so that name lookups do not get their turn. The process
 * has to be started with UV_THREADPOOL_SIZE=1, on a system with mkfifo.
 *
 * @returns a function that lets the thread go on
 */
export function blockThreadPool(): () => Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blocked-pool-'))
  const fifo = path.join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  // Opening it for reading waits until somebody opens it for writing.
  const opened = new Promise<number>((resolve, reject) => {
    fs.open(fifo, 'r', (error, file) => (error ? reject(error) : resolve(file)))
  })
  return async () => {
    const writer = fs.openSync(fifo, 'r+')
    fs.closeSync(await opened)
    fs.closeSync(writer)
    fs.rmSync(folder, { recursive: true })
  }
}
