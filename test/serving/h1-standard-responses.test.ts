/** Handlers that answer with a standard Response. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fetched, uncaught } from './fetched.js'

describe('the response to a transaction', { timeout: 60_000 }, () => {
  test('is a standard Response', async () => {
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(Buffer.from('a'))
        for (let n = 0; n < 5; n++) await turn()
        controller.enqueue(Buffer.from('b'))
        controller.close()
      },
    })
    const response = await fetched((txn) =>
      txn.respond(new Response(body, { status: 203, headers: { 'x-y': 'z' } })),
    )
    assert.equal(response.status, 203)
    assert.equal(response.headers.get('x-y'), 'z')
    assert.equal(await response.text(), 'ab')
  })

  test('is a Response whose length is known where all of it is there', async () => {
    const response = await fetched((txn) => txn.respond(new Response('all of it')))
    assert.equal(response.headers.get('content-length'), '9')
    assert.equal((await fetched((txn) => txn.respond(new Response(null)))).status, 200)
  })

  test('is a Response that fails, which ends the connection', async () => {
    const reason = new Error('cannot go on')
    const told = uncaught()
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('a')),
      async pull(controller) {
        for (let n = 0; n < 5; n++) await turn()
        controller.error(reason)
      },
    })
    await assert.rejects(fetched((txn) => txn.respond(new Response(body))))
    assert.equal(await told, reason)
  })

  test('is 500 for a Response that fails before any of it has left', async () => {
    const reason = new Error('cannot begin')
    const told = uncaught()
    const body = new ReadableStream({ pull: (controller) => controller.error(reason) })
    const response = await fetched((txn) => txn.respond(new Response(body)))
    assert.equal(response.status, 500)
    assert.equal(await told, reason)
  })
})
