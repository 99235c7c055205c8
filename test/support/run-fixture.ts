// Runs the fixtures of test/process as processes.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'

/** What is to be known of a child process that has ended. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stderr: string
  /** What it gave to `report()`. */
  reports: unknown[]
}

/** How a fixture is run. */
export interface FixtureOptions {
  /** What `fixtureArgument()` returns in it. */
  argument?: unknown
  /** Flags of node. */
  flags?: string[]
  env?: Record<string, string>
  /** Shell commands that come first, such as `ulimit`. */
  shell?: string
}

const PATIENCE = 120_000

/** Runs `test/process/fixtures/NAME.mts` as a process of its own until that ends. */
export async function runFixture(name: string, options: FixtureOptions = {}): Promise<Ended> {
  const file = path.join(__dirname, '..', 'process', 'fixtures', `${name}.mjs`)
  const node = [...(options.flags ?? []), file, JSON.stringify(options.argument ?? null)]
  const [command, args] = options.shell
    ? ['/bin/sh', ['-c', `${options.shell}; exec "$0" "$@"`, process.execPath, ...node]]
    : [process.execPath, node]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  })
  const [[code, signal], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ])
  const reports = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  return { code, signal, stderr, reports }
}

/** What a fixture that has to end well, and quietly, gave to `report()`. */
export async function fixtureReports(
  name: string,
  options: FixtureOptions = {},
): Promise<unknown[]> {
  const { code, signal, stderr, reports } = await runFixture(name, options)
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return reports
}
