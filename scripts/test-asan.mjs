// Runs the suite with the addon and lws under AddressSanitizer and UBSan, and looks for leaks of ours.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readFindings } from './asan-report.mjs'
import { buildNative } from './build-native.mjs'
import { main, Stop, say } from './console.mjs'
import { withBuildLock } from './lock.mjs'
import { inRoot } from './paths.mjs'
import { capture } from './processes.mjs'
import { compileTests, runTests, testFiles } from './test.mjs'

// These run npm and the compiler, for which the sanitizers would look in vain and at length.
const WITHOUT_NATIVE_CODE = ['package', 'docs', 'policy', 'scripts', 'types']

function sanitizerRuntime() {
  const file = capture('gcc', ['-print-file-name=libasan.so']).stdout.trim()
  if (path.isAbsolute(file) && existsSync(file)) return file
  throw new Stop("gcc's libasan is missing: apt-get install gcc g++")
}

const flags = (options) =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${value}`)
    .join(':')

function environment(addon, reports) {
  const log = { log_path: path.join(reports, 'report'), abort_on_error: 1 }
  return {
    LWS_SECURE_STREAMS_ADDON: addon,
    LD_PRELOAD: sanitizerRuntime(),
    // A leak changes no exit status, for Node has leaks of its own: the reports are read afterwards.
    ASAN_OPTIONS: flags({ ...log, detect_leaks: 1, exitcode: 0, detect_stack_use_after_return: 1 }),
    LSAN_OPTIONS: flags({ exitcode: 0, print_suppressions: 0, max_leaks: 0 }),
    UBSAN_OPTIONS: flags({ ...log, print_stacktrace: 1 }),
  }
}

await main(async () => {
  if (process.platform !== 'linux') throw new Stop('test:asan runs on Linux, with gcc')
  const { positionals } = parseArgs({ allowPositionals: true })
  const addon = await withBuildLock(() => buildNative({ kind: 'sanitize' }))
  compileTests()
  const isChosen = (file) => {
    const [top] = path.relative(inRoot('build', 'test'), file).split(path.sep)
    return positionals.length > 0 || !WITHOUT_NATIVE_CODE.includes(top)
  }
  const reports = inRoot('build', 'asan', 'reports')
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  const status = runTests(testFiles(positionals).filter(isChosen), {
    env: environment(addon, reports),
    concurrency: 1,
  })
  const findings = readFindings(reports)
  for (const finding of findings) console.error(`\n${finding.trim()}`)
  // UBSan's own is printed where it happens: its runtime hands the log's path to AddressSanitizer's.
  say(`AddressSanitizer: ${findings.length} findings, all reports are in ${reports}`)
  return status || (findings.length > 0 ? 1 : 0)
})
