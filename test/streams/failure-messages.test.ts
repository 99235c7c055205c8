// What users are told of connections that fail.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connecting } from '../support/mistakes/connecting.js'
import { http1, http2 } from '../support/mistakes/http.js'
import { learn } from '../support/mistakes/mistake.js'
import { mqtt, raw, webSocket } from '../support/mistakes/sessions.js'
import { tls } from '../support/mistakes/tls.js'

const areas = { connecting, tls, http1, http2, webSocket, mqtt, raw }

// What says something to a program, and nothing to a person.
const notForPeople = /errno|conn fail|read failed|HS:|closed before established|undefined|\[object/

/** By what is said, without who was asked, and how often. */
const told = new Map<string, Set<string>>()

describe('what is said of a connection that fails', { concurrency: 4, timeout: 120_000 }, () => {
  for (const [area, mistakes] of Object.entries(areas))
    for (const mistake of mistakes)
      test(`${area}: ${mistake.is}, on ${mistake.protocol}`, async () => {
        const { said, expected } = await learn(mistake)
        const what = said.message.replace(/^\S+: |, \d+ attempts$/g, '')
        told.set(what, (told.get(what) ?? new Set()).add(mistake.is))
        assert.deepEqual(said, expected)
        assert.doesNotMatch(said.message, notForPeople)
      })
})

test('no two mistakes are told in the same words, of which there are at least 45', () => {
  assert.deepEqual(
    [...told].filter(([, mistakes]) => mistakes.size > 1),
    [],
  )
  assert.ok(told.size >= 45, `${told.size}`)
})
