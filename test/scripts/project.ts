// A project of its own, with the scripts of this one and a small libwebsockets, to run scripts in.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'

export const VERSION = '9.9.9'
const folders: string[] = []

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'lws-scripts-'))
  folders.push(folder)
  return folder
}

export function put(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
}

/** A tarball shaped like upstream's, small enough to make for every test. */
function makeTarball(folder: string): string {
  const top = `libwebsockets-${VERSION}`
  const names = [
    'CMakeLists.txt',
    'CMakeLists-implied-options.txt',
    'LICENSE',
    'cmake/a',
    'include/a.h',
    'lib/a.c',
    'lib/b.c',
    'lwsws/CMakeLists.txt',
    'plugins/CMakeLists.txt',
    'win32port/a',
  ]
  put(folder, Object.fromEntries(names.map((name) => [`${top}/${name}`, `${name}\n`])))
  const tarball = path.join(folder, 'lws.tgz')
  execFileSync('tar', ['-czf', tarball, '-C', folder, top])
  return tarball
}

export const patchOf = (name: string, before: string, now: string) =>
  `--- a/${name}\n+++ b/${name}\n@@ -1 +1 @@\n-${before}\n+${now}\n`

/** A folder with the scripts, a pin, and the tarball that it pins. */
export function makeProject(): { project: string; tarball: string } {
  const project = temporaryFolder()
  const tarball = makeTarball(project)
  cpSync('scripts', path.join(project, 'scripts'), { recursive: true })
  const sha256 = createHash('sha256').update(readFileSync(tarball)).digest('hex')
  put(project, {
    'deps/libwebsockets/pin.json': JSON.stringify({ version: VERSION, sha256 }),
    'deps/libwebsockets/patches/series': '# none\n',
  })
  return { project, tarball }
}

/** A folder for PATH with programs of these names, which do nothing. */
export function programs(...names: string[]): string {
  const folder = temporaryFolder()
  for (const name of names) {
    put(folder, { [name]: '#!/bin/sh\n' })
    chmodSync(path.join(folder, name), 0o755)
  }
  return folder
}
