/** Calls in any order, on every protocol, to peers that go away at any time. */
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  CertificateAuthority,
  type CuttingRelay,
  type MutatingRelay,
  type Peer,
  startCuttingRelay,
  startMutatingRelay,
  starts,
} from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { type ProtocolName, policyOf, protocols, streamtype } from '../support/policies.js'
import { type Command, commands, type Kind } from './commands.js'
import { Session } from './session.js'

const RUNS = Number(process.env.LWS_SS_FUZZ_RUNS ?? 150)
const seed = process.env.LWS_SS_FUZZ_SEED
// One that hangs is found by its promises, long before.
const LONGEST_MS = 20_000

const peers: Peer[] = []
const cutting: CuttingRelay[] = []
const mutating: MutatingRelay[] = []
let policy: ReturnType<typeof policyOf>

before(async () => {
  const authority = await CertificateAuthority.create()
  const tls = await authority.issue()
  const streamtypes: Record<string, ReturnType<typeof streamtype>> = {}
  const kinds: Record<Kind, (protocol: ProtocolName) => Promise<ReturnType<typeof streamtype>>> = {
    plain: async (protocol) => streamtype(protocol, await started(starts[protocol]())),
    tls: async (protocol) =>
      streamtype(protocol, await started(starts[protocol]({ tls })), { tls: true }),
    nailed: async (protocol) =>
      streamtype(protocol, await started(starts[protocol]()), {
        nailed_up: true,
        timeout_ms: 5,
      }),
    cut: async (protocol) => {
      const relay = await startCuttingRelay(await started(starts[protocol]()))
      cutting.push(relay)
      peers.push(relay)
      return streamtype(protocol, relay)
    },
    mutated: async (protocol) => {
      const relay = await startMutatingRelay(await started(starts[protocol]()))
      mutating.push(relay)
      peers.push(relay)
      return streamtype(protocol, relay)
    },
  }
  for (const protocol of protocols)
    for (const [kind, start] of Object.entries(kinds))
      streamtypes[`${protocol}-${kind}`] = await start(protocol)
  policy = policyOf(streamtypes, authority)
})

async function started<P extends Peer>(starting: Promise<P>): Promise<P> {
  const peer = await starting
  peers.push(peer)
  return peer
}

after(async () => {
  for (const peer of peers.reverse()) await peer.close()
})

async function run(sequence: readonly Command[]): Promise<void> {
  const session = await Session.open(policy, {
    cut: (after, how) => {
      for (const relay of cutting) Object.assign(relay, { cutAfter: after, cut: how })
    },
    mutate: (at, bits) => {
      for (const relay of mutating) relay.mutation = { at, bits }
    },
    drop: () => {
      for (const peer of peers)
        if (peer instanceof ServerPeer) for (const socket of peer.sockets) socket.destroy()
    },
  })
  for (const command of sequence) await session.perform(command)
  await session.end()
}

test('no order of calls leaves a promise pending', { timeout: 2 ** 31 - 1 }, async () => {
  await fc.assert(fc.asyncProperty(fc.array(commands, { minLength: 1, maxLength: 30 }), run), {
    numRuns: RUNS,
    interruptAfterTimeLimit: process.env.LWS_SS_FUZZ_RUNS ? 2 ** 31 - 1 : LONGEST_MS,
    ...(seed && { seed: Number(seed) }),
  })
})
