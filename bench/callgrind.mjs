// Counts the instructions that one of our clients takes inside the addon, with valgrind's callgrind.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Stop } from '../scripts/console.mjs'
import { inRoot } from '../scripts/paths.mjs'
import { capture } from '../scripts/processes.mjs'

const program = fileURLToPath(new URL('client.mjs', import.meta.url))
// A line of callgrind_annotate: the count, its share, the function, and the file that it is in.
const FUNCTION = /^ *([\d,]+) \([^)]*\) +(.+) \[(.+)\]$/gm

/** Those of the functions in `addon` alone: V8 compiles and collects garbage when it likes. */
export function instructionsOf(annotated, addon) {
  let instructions = 0
  for (const [, count, , file] of annotated.matchAll(FUNCTION))
    if (file === addon) instructions += Number(count.replaceAll(',', ''))
  return instructions
}

/** Instructions inside `addon` for each of `operations`, and for a share of opening and closing. */
export async function countInstructions({ name, addon, operations, ...options }) {
  const folder = inRoot('build', 'bench')
  mkdirSync(folder, { recursive: true })
  const counts = `${folder}/${name}.callgrind`
  const client = [process.execPath, program, JSON.stringify({ side: 'ours', ...options })]
  const child = spawn(
    'valgrind',
    ['--quiet', '--tool=callgrind', `--callgrind-out-file=${counts}`, ...client],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  const exit = once(child, 'exit')
  const answer = async () => {
    const ended = exit.then(([code, signal]) => {
      throw new Stop(`the client of ${name} ended: ${signal ?? code}`)
    })
    await Promise.race([once(child, 'message'), ended])
  }
  await answer()
  child.send({ operations })
  await answer()
  child.disconnect()
  await exit
  const annotated = capture('callgrind_annotate', ['--threshold=100', counts])
  if (!annotated.ok) throw new Stop(`callgrind_annotate failed: ${annotated.stderr}`)
  return Math.round(instructionsOf(annotated.stdout, addon) / operations)
}
