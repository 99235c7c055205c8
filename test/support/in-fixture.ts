// What the fixtures of test/process use to report to their tests.

import { readdirSync, writeSync } from 'node:fs'

/** The argument that `runFixture()` gave. */
export function fixtureArgument<T>(): T {
  return JSON.parse(process.argv[2] as string) as T
}

/** Tells the test something; written at once, so that it is told even when the process ends now. */
export function report(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}

interface UvHandle {
  type: string
  is_active: boolean
}

/** The types of all uv handles of this thread's loop, sorted. */
export function uvHandles(): string[] {
  const settings = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
  settings.excludeNetwork = true
  const { libuv } = process.report.getReport() as unknown as { libuv: UvHandle[] }
  return libuv.map(({ type }) => type).sort()
}

/** How many file descriptors this process has open; on systems that do not tell, none. */
export function openDescriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

/** Settles when the loop has gone round once. */
export function loopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
