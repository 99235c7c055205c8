// Whether a loop keeps its process running.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { addonFile } from './addon.js'

describe('a process', { timeout: 60_000 }, () => {
  const run = promisify(execFile)
  // In milliseconds: far longer than any of these takes.
  const LONGEST_RUN = 10_000

  /** What a process prints that has a socket and a timer, and would print "later" if it went on. */
  async function printed(script: string): Promise<string> {
    const setting = `
      const { TestLoop, pair } = require(process.argv[1])
      const loop = new TestLoop({ closed: () => console.log('closed') })
      loop.adopt(pair()[0])
      loop.setTimer(10)
      setTimeout(() => {
        console.log('later')
        loop.keepAlive(false)
      }, 50).unref()
    `
    const args = ['-e', setting + script, addonFile]
    return (await run(process.execPath, args, { timeout: LONGEST_RUN })).stdout
  }

  test('ends though the loop has a socket and a timer', async () => {
    assert.equal(await printed(''), '')
  })
  test('goes on for as long as the loop is to keep it', async () => {
    assert.equal(await printed('loop.keepAlive(true)'), 'later\n')
  })
  test('waits for a loop that is being closed', async () => {
    assert.match(await printed('loop.keepAlive(true); loop.close()'), /^closed\n/)
  })
})
