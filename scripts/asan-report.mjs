// Reads the reports that AddressSanitizer and UBSan leave behind and keeps those that are about us.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './paths.mjs'

// A frame is told by the source that it was compiled from, or by its module when that is unknown.
const OURS = [`${root}${path.sep}`, 'lws_secure_streams.node']

const FRAMES_SHOWN = 12

/**
 * Whether the addon or lws made the allocation: looking outwards from it, their code comes before
 * Node's or V8's. Node itself frees little when it exits, and its leaks are not to be judged here.
 */
function isOurLeak(block) {
  for (const frame of block.split('\n').filter((line) => /^\s*#\d+ /.test(line))) {
    if (OURS.some((name) => frame.includes(name))) return true
    if (/ in (v8|node|napi)(::|_)/.test(frame)) return false
  }
  return false
}

function findingsIn(report) {
  const isLeak = (block) => /^(Direct|Indirect) leak of/.test(block.trim())
  const errors = /ERROR: AddressSanitizer|runtime error:/.test(report) ? [report] : []
  const leaks = report.split(/\n\n+/).filter((block) => isLeak(block) && isOurLeak(block))
  return [...errors, ...leaks.map((leak) => leak.split('\n').slice(0, FRAMES_SHOWN).join('\n'))]
}

/** What the reports in a folder hold against the addon and lws, each as text. */
export function readFindings(folder) {
  return readdirSync(folder)
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
    .flatMap(findingsIn)
}
