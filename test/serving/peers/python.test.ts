/** Clients in Python of a server of h1 and ws. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { serveSite } from './site.js'

// That of the system, which has the packages of the system.
const PYTHON = '/usr/bin/python3'
const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' }

const lacks = (module: string) =>
  spawnSync(PYTHON, ['-c', `import ${module}`], { env }).status !== 0 &&
  `there is no ${module}: apt-get install python3-${module}`

describe('Python', { timeout: 60_000 }, () => {
  for (const [module, done] of [
    ['aiohttp', 'at once,uploads,downloads,forms,redirects,cookies,heads,ws'],
    ['websockets', 'messages,fragments,pings,closes,refused,at once'],
  ] as const)
    test(`with ${module}`, { skip: lacks(module) }, async () => {
      await using site = await serveSite()
      const script = `test/serving/peers/${module}_client.py`
      const { stdout } = await promisify(execFile)(PYTHON, [script, site.url], { env })
      assert.deepEqual(stdout.trim().split('\n'), done.split(','))
    })
})
