import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { pathToFileURL } from 'node:url'

// What starts programs of the system, in test/peers and test/support.
const STARTS =
  /\b(startApache|startLighttpd|startMosquitto|startNginx|startOpenssl|startProgram|BlackHole|startChromium|curl\()/

it('the portable tests are there, and start no program of the system', async () => {
  const { PORTABLE } = await import(pathToFileURL('scripts/portable-tests.mjs').href)
  assert.equal(new Set(PORTABLE).size, PORTABLE.length)
  for (const name of PORTABLE) {
    const file = `test/${name}.test.ts`
    assert.ok(existsSync(file), file)
    assert.ok(!STARTS.test(readFileSync(file, 'utf8')), `${file} starts one`)
  }
})
