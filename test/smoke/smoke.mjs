// Tries the package in a folder on the system and the Node that run this:
//
//   node test/smoke/smoke.mjs PACKAGE CERTIFICATES [NAME…]
//
// PACKAGE is its folder, with dist/ and an addon; CERTIFICATES is a file that certificates.mjs makes,
// which may have been made elsewhere. With NAMEs, only checks whose names contain one. It prints a line
// for each check, and then exits with everything open: with 0 when all were good.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { checksOf, leaveOpen } from './checks.mjs'

// An emulator takes its time.
const PATIENCE = 60_000

const [folder, certificatesFile, ...names] = process.argv.slice(2)
if (!certificatesFile) {
  console.error('usage: node smoke.mjs PACKAGE CERTIFICATES [NAME…]')
  process.exit(2)
}

async function inTime(check) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${PATIENCE} ms`)), PATIENCE)
  })
  try {
    await Promise.race([check(), late])
  } finally {
    clearTimeout(timer)
  }
}

let failures = 0

async function report(name, check) {
  const begun = performance.now()
  try {
    await inTime(check)
    console.log(`ok    ${name} (${Math.round(performance.now() - begun)} ms)`)
  } catch (error) {
    failures++
    const reason = error?.message ?? String(error)
    console.log(`FAIL  ${name}: ${reason.replaceAll('\n', ' ')}`)
  }
}

const absolute = path.resolve(folder)
const { openContext } = createRequire(import.meta.url)(absolute)
const smoke = {
  openContext,
  folder: absolute,
  certificates: JSON.parse(readFileSync(certificatesFile, 'utf8')),
}
const isWanted = (name) => names.length === 0 || names.some((part) => name.includes(part))

console.log(`Node ${process.version} on ${process.platform}-${process.arch}`)
for (const [name, check] of Object.entries(checksOf(smoke)))
  if (isWanted(name)) await report(name, check)
await report('streams of all protocols are open at process.exit()', () => leaveOpen(smoke))
process.exit(failures > 0 ? 1 : 0)
