// What met those who trace the requests of other clients.
import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { afterEach, describe, it } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHandling } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

interface Outgoing {
  metadata: Record<string, string>
}

const undo: (() => void)[] = []
afterEach(() => {
  for (const unsubscribe of undo.splice(0)) unsubscribe()
})

function subscribe(event: 'start' | 'asyncEnd', listener: (operation: Outgoing) => void) {
  const channel = tracingChannel('lws-secure-streams:request')[event]
  const subscriber = (operation: unknown) => listener(operation as Outgoing)
  channel.subscribe(subscriber)
  undo.push(() => channel.unsubscribe(subscriber))
}

const declared = {
  http_method: 'GET',
  http_url: 'a',
  metadata: [{ traceparent: 'traceparent:' }],
}

/** The lines of the header, each by itself. */
const traceparents = ({ rawHeaders }: IncomingMessage) =>
  rawHeaders.filter((_, n) => rawHeaders[n - 1]?.toLowerCase() === 'traceparent' && n % 2 === 1)

describe('traced requests', { timeout: 60_000 }, () => {
  // opentelemetry-js-contrib 3711 and 2796: a program that set traceparent itself sent it twice, and the
  // server took neither. elastic/apm-agent-nodejs 3965: so did two agents.
  it('have one traceparent, whoever else says it', async () => {
    const seen: string[][] = []
    await using peer = await startHandling('h1', (request, response) => {
      seen.push(traceparents(request))
      response.end()
    })
    const policy = policyOf({ it: streamtype('h1', peer, declared) })
    await using context = await openContext({ policy })
    for (const agent of ['first', 'second'])
      subscribe('start', ({ metadata }) => {
        metadata.traceparent = agent
      })
    await context.request('it', { metadata: { traceparent: 'by the program' } })
    await context.request('it')
    assert.deepEqual(seen, [['second'], ['second']])
  })

  // opentelemetry-js-contrib 2229: one fetch made two spans, since the client made two requests of it.
  it('are one operation each, with all retries and redirects', async () => {
    const seen: (string | undefined)[] = []
    await using peer = await startHandling('h1', (request, response) => {
      seen.push(traceparents(request).join())
      if (request.url === '/b') response.end('here')
      else if (seen.length === 1) response.writeHead(503).end()
      else response.writeHead(307, { location: '/b' }).end()
    })
    const definition = streamtype('h1', peer, { ...declared, allow_redirects: true })
    await using context = await openContext({ policy: policyOf({ it: definition }) })
    let began = 0
    let ended = 0
    subscribe('start', ({ metadata }) => {
      metadata.traceparent = `operation ${++began}`
    })
    subscribe('asyncEnd', () => {
      ended++
    })
    const reply = await context.request('it')
    assert.equal(await reply.text(), 'here')
    assert.deepEqual(seen, ['operation 1', 'operation 1', 'operation 1'])
    assert.deepEqual([began, ended], [1, 1])
  })

  // An end without a beginning is what subscribers to other channels get who come late.
  it('that began before somebody subscribed are not told', async () => {
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    let finish = () => {}
    await using peer = await startHandling('h1', (_, response) => {
      finish = () => response.end()
      answer()
    })
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, declared) }),
    })
    const reply = context.request('it')
    await asked
    let told = 0
    subscribe('asyncEnd', () => {
      told++
    })
    finish()
    await reply
    assert.equal(told, 0)
  })
})
