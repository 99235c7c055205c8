// The calls that the call-order fuzz test makes.

import fc from 'fast-check'
import { type ProtocolName, protocols } from '../support/policies.js'

/** How a streamtype gets to its peer. */
export type Kind = 'plain' | 'tls' | 'nailed' | 'cut' | 'mutated'

const kinds: Kind[] = ['plain', 'tls', 'nailed', 'cut', 'mutated']

/** What a handler does when it is called. */
export const HANDLED = [
  'ok',
  'ok',
  'ok',
  'DISCONNECT_ME',
  'DESTROY_ME',
  'destroy',
  'disconnect',
  'tx',
  'send',
] as const
export type Handled = (typeof HANDLED)[number]

const SIZES = [0, 1, 5, 100, 1400, 5000, 70_000, 300_000]

const streamtypes = fc
  .tuple(fc.constantFrom<ProtocolName>(...protocols), fc.constantFrom(...kinds))
  .map(([protocol, kind]) => `${protocol}-${kind}`)
const transactional = streamtypes.filter((name) => /^h[12]/.test(name))
const size = fc.constantFrom(...SIZES)
const which = fc.nat(7)
const seldom = fc.nat(9).map((n) => n === 0)
const handled = fc.array(fc.constantFrom(...HANDLED), { maxLength: 12 })
const cause = fc.constantFrom('none', 'error', 'signal')

const openCommand = fc.record({
  call: fc.constant('stream' as const),
  streamtype: streamtypes,
  handlers: fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: handled },
  ),
  signal: seldom,
})
const requestCommand = fc.record({
  call: fc.constant('request' as const),
  streamtype: transactional,
  size: fc.option(size, { nil: undefined }),
  blob: fc.boolean(),
  give: fc.constantFrom('nothing', 'nothing', 'nothing', 'signal', 'timeout'),
  read: fc.constantFrom('text', 'half', 'cancel', 'nothing'),
})
const sendCommand = fc.record({
  call: fc.constant('send' as const),
  which,
  size,
  times: fc.constantFrom(1, 1, 3, 50),
  signal: seldom,
})
const readCommand = fc.record({
  call: fc.constantFrom('messages', 'chunks', 'listen', 'duplex'),
  which,
  take: fc.nat(3),
})
const plainCommand = fc.record({
  call: fc.constantFrom(
    'connect',
    'requestTx',
    'requestTxLength',
    'setMetadata',
    'changeHandlers',
    'startTimeout',
    'cancelTimeout',
    'addPeerTxCredit',
    'disconnect',
    'dispose',
    'inspect',
    'ref',
    'unref',
  ),
  which,
})
const destroyCommand = fc.record({ call: fc.constant('destroy' as const), which, cause })
const contextCommand = fc.record({
  call: fc.constantFrom('overlay', 'setBlob', 'close', 'contextDestroy', 'gc', 'drop'),
  n: fc.nat(9),
})
const cutCommand = fc.record({
  call: fc.constant('cut' as const),
  after: fc.constantFrom(0, 1, 9, 40, 120, 500, 2000, Number.POSITIVE_INFINITY),
  how: fc.constantFrom('close' as const, 'reset' as const),
})
const mutateCommand = fc.record({
  call: fc.constant('mutate' as const),
  at: fc.nat(400),
  bits: fc.integer({ min: 1, max: 255 }),
})
const pauseCommand = fc.record({
  call: fc.constant('pause' as const),
  turns: fc.constantFrom(0, 1, 2, 5, 30),
  ms: fc.constantFrom(0, 0, 2, 10, 30),
})

/** A call, with what it takes. */
export const commands = fc.oneof(
  { weight: 6, arbitrary: openCommand },
  { weight: 4, arbitrary: requestCommand },
  { weight: 6, arbitrary: sendCommand },
  { weight: 3, arbitrary: readCommand },
  { weight: 6, arbitrary: plainCommand },
  { weight: 2, arbitrary: destroyCommand },
  { weight: 1, arbitrary: contextCommand },
  { weight: 1, arbitrary: cutCommand },
  { weight: 2, arbitrary: mutateCommand },
  { weight: 8, arbitrary: pauseCommand },
)

export type Command = typeof commands extends fc.Arbitrary<infer C> ? C : never
