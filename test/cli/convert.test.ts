import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { policyToC, policyToTypes } from 'lws-secure-streams/policy'
import { temporaryFolder } from '../support/temporary-folder.js'
import { lwsSs, startLwsSs } from './helpers.js'

const conversions = { types: policyToTypes, c: policyToC }
const policy = '{ "s": [ { "get": { "endpoint": "x", "port": 80, "protocol": "h1" } } ] }'

for (const [command, convert] of Object.entries(conversions))
  describe(`lws-ss ${command}`, () => {
    const { file: pathOf, put } = temporaryFolder()

    it('writes what the function of the package returns', () => {
      const { status, stdout, stderr } = lwsSs([command, put('right.json', policy)])
      assert.equal(stderr, '')
      assert.equal(stdout, convert(policy))
      assert.match(stdout, /\bget\b/)
      assert.equal(status, 0)
    })

    it('says where a policy is wrong, with status 1 and no output', () => {
      const file = put('wrong.json', '{ "s": [ { "get": { "port": true } } ] }')
      const { status, stdout, stderr } = lwsSs([command, file])
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.ok(stderr.includes(file) && stderr.includes('s[0].get.port'), stderr)
    })

    it('says which file it cannot read', () => {
      const file = pathOf('missing.json')
      const { status, stdout, stderr } = lwsSs([command, file])
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.ok(stderr.startsWith('lws-ss: ') && stderr.includes(file), stderr)
    })

    it('does not mind when nobody reads on', async () => {
      const streamtypes = Array.from({ length: 5000 }, (_, at) => ({
        [`streamtype-${at}`]: { endpoint: 'x', port: 80, protocol: 'h1' },
      }))
      const file = put('long.json', JSON.stringify({ s: streamtypes }))
      const { child, ended } = startLwsSs([command, file])
      await once(child.stdout, 'data')
      child.stdout.destroy()
      const { status, complaints } = await ended
      assert.equal(complaints, '')
      assert.equal(status, 0)
    })

    it('wants a file', () => {
      const { status, stderr } = lwsSs([command])
      assert.equal(status, 2)
      assert.match(stderr, /^lws-ss: [^\n]+\n$/)
    })
  })
