// A folder that a suite of tests has to itself.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'

/** A folder for the files of the suite that calls this, until its tests are done. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'lws-ss-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = (name: string) => path.join(folder, name)
  return {
    file,
    /** Writes a file and returns its path. */
    put(name: string, content: string | Uint8Array): string {
      writeFileSync(file(name), content)
      return file(name)
    },
  }
}
