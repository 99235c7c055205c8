import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixtureReports } from '../support/run-fixture.js'

test('the addon stays in memory when the last thread that uses it has ended', async () => {
  const [before, after] = await fixtureReports('load-in-worker')
  assert.equal(before, false)
  assert.equal(after, true)
})
