// Names a test by the policy key that it is about.

import { test } from 'node:test'
/** A test of what one policy key changes; key-coverage.test.ts finds it by the key. */
export function effectOf(key: string, what: string, run: () => Promise<void>): void {
  test(`${key}: ${what}`, run)
}
