/** Calls in any order on one stream, to a peer that is there: each promise settles by itself. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { type Peer, starts } from '../peers/index.js'
import type { ServerPeer } from '../peers/peer.js'
import { deadPort } from '../support/dead-port.js'
import { type ProtocolName, policyOf, protocols, streamtype } from '../support/policies.js'

const RUNS = Number(process.env.LWS_SS_FUZZ_RUNS ?? 10)
const seed = process.env.LWS_SS_FUZZ_SEED
// What a transaction may take; a stream of calls has some of them.
const LIMIT_MS = 40
const LONGEST_MS = 3000

const commands = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: fc.constant('connect' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      call: fc.constant('send' as const),
      hangs: fc.constantFrom(false, false, true),
      hasSignal: fc.boolean(),
      size: fc.constantFrom(0, 1, 3, 200_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('abort' as const), which: fc.nat(3) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      call: fc.constant('pause' as const),
      turns: fc.constantFrom(0, 1, 2, 3, 10),
      ms: fc.constantFrom(0, 0, 0, 5, LIMIT_MS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      call: fc.constantFrom(
        'disconnect' as const,
        'requestTx' as const,
        'drop' as const,
        'listen' as const,
        'toGet' as const,
        'toPost' as const,
        'toNobody' as const,
        'toPeer' as const,
      ),
    }),
  },
)
type Command = typeof commands extends fc.Arbitrary<infer C> ? C : never

describe('promises of a stream settle by themselves', { timeout: 2 ** 31 - 1 }, () => {
  for (const protocol of protocols)
    for (const isLasting of [false, true])
      test(`${protocol}${isLasting ? ', not opportunistic' : ''}`, async () => {
        await using peer = await starts[protocol]()
        await using nobody = await deadPort()
        await fc.assert(
          fc.asyncProperty(fc.array(commands, { minLength: 2, maxLength: 12 }), (sequence) =>
            run(protocol, isLasting, peer, nobody.port, sequence),
          ),
          { numRuns: RUNS, ...(seed && { seed: Number(seed) }) },
        )
      })
})

async function run(
  protocol: ProtocolName,
  isLasting: boolean,
  peer: Peer,
  nobody: number,
  sequence: readonly Command[],
): Promise<void> {
  const isHttp = protocol === 'h1' || protocol === 'h2'
  const more = isHttp
    ? // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      { http_url: '${path}', metadata: [{ path: '' }], timeout_ms: LIMIT_MS }
    : {}
  const it = streamtype(protocol, peer, { ...more, opportunistic: !isLasting })
  const context: Context = await openContext({ policy: policyOf({ it }) })
  const metadata = isHttp ? { path: 'echo' } : protocol === 'mqtt' ? { topic: 'x' } : {}
  const stream: SecureStream = context.stream('it', { metadata })
  const pending = new Map<string, Promise<unknown>>()
  const aborts: AbortController[] = []
  let number = 0
  const track = (what: string, promise: Promise<unknown>) => {
    const key = `${number++}: ${what}`
    const settled: Promise<unknown> = promise
      .catch((error) => {
        const { code } = error
        if (!/^ERR_SS_|^aborted$/.test(code ?? error.message)) throw error
      })
      .finally(() => pending.delete(key))
    pending.set(key, settled)
  }
  const overlay = (fragment: object) => track('overlay', context.overlay({ s: [{ it: fragment }] }))

  for (const command of sequence)
    switch (command.call) {
      case 'connect':
        track('connect', stream.connect())
        break
      case 'send': {
        const abort = new AbortController()
        if (command.hasSignal) aborts.push(abort)
        track(
          `send ${JSON.stringify(command)}`,
          stream.send(Buffer.alloc(command.size, 'x'), {
            ...(command.hasSignal && { signal: abort.signal }),
            ...(isHttp && { metadata: { path: command.hangs ? 'hang' : 'echo' } }),
          }),
        )
        break
      }
      case 'abort':
        aborts[command.which]?.abort(new Error('aborted'))
        break
      case 'pause':
        for (let n = 0; n < command.turns; n++) await turn()
        if (command.ms) await delay(command.ms)
        break
      case 'disconnect':
        stream.disconnect()
        break
      case 'requestTx':
        stream.requestTx()
        break
      case 'drop':
        for (const socket of (peer as ServerPeer).sockets ?? []) socket.destroy()
        break
      case 'listen':
        stream.on('message', () => {})
        break
      case 'toGet':
        if (isHttp) overlay({ http_method: 'GET' })
        break
      case 'toPost':
        if (isHttp) overlay({ http_method: 'POST' })
        break
      case 'toNobody':
        overlay({ port: nobody })
        break
      case 'toPeer':
        overlay({ port: peer.port })
        break
    }

  const all = Promise.all(pending.values())
  await Promise.race([all, delay(LONGEST_MS, undefined, { ref: false })])
  const left = [...pending.keys()]
  const { state } = stream
  context.destroy()
  await all
  assert.deepEqual(left, [], `pending in state ${state}`)
}
