/** The life of a stream, without libwebsockets: any order of events, with calls in between. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { CALLS, type Command, kinds, Session } from './life-session.js'
import { HAPPENINGS } from './native-double.js'

type Exchanges = keyof typeof kinds
const exchanges = Object.keys(kinds) as Exchanges[]

const calls: Command[] = CALLS.map((call) => ({ call }))
const atOnce: Command[] = HAPPENINGS.map((happens) => ({ happens }))
const late: Command[] = HAPPENINGS.map((happens) => ({ happens, late: true }))

// Where the orders begin, so that few commands lead far.
const beginnings: Record<string, Command[]> = {
  'with a connection': [{ call: 'connect' }, { happens: 'connecting' }, { happens: 'connected' }],
  'with a message on its way': [
    { call: 'send' },
    { happens: 'connecting' },
    { happens: 'connected' },
    { happens: 'begun' },
  ],
  'with a message that waits for the next attempt': [
    { call: 'send' },
    { call: 'connect' },
    { happens: 'connecting' },
    { happens: 'unreachable' },
  ],
  'with a reader, and half a message': [
    { call: 'next' },
    { call: 'connect' },
    { happens: 'connecting' },
    { happens: 'connected' },
    { happens: 'first piece' },
  ],
}

/** Performs the commands; false when one of them cannot happen where it stands. */
async function run(exchange: Exchanges, commands: readonly Command[]): Promise<boolean> {
  const session = new Session(exchange)
  let isPossible = true
  for (const command of commands) isPossible = isPossible && (await session.perform(command))
  if (!isPossible) return false
  try {
    await session.end()
  } catch (error) {
    throw new Error(`${exchange}: ${JSON.stringify(commands)}`, { cause: error })
  }
  return true
}

/** Every order of so many of the commands behind the beginning; returns how many there are. */
async function runAll(
  exchange: Exchanges,
  beginning: readonly Command[],
  commands: readonly Command[],
  length: number,
): Promise<number> {
  if (!(await run(exchange, beginning))) return 0
  if (length === 0) return 1
  let orders = 1
  for (const command of commands)
    orders += await runAll(exchange, [...beginning, command], commands, length - 1)
  return orders
}

describe('the life of a stream', () => {
  for (const exchange of exchanges) {
    test(`${exchange}, from its creation: every order of three commands`, async () => {
      assert.ok((await runAll(exchange, [], [...calls, ...atOnce], 3)) > 1000)
    })
    for (const [name, beginning] of Object.entries(beginnings))
      test(`${exchange}, ${name}: every order of two commands`, async () => {
        assert.ok((await runAll(exchange, beginning, [...calls, ...atOnce], 2)) > 100)
      })
  }

  for (const exchange of exchanges)
    test(`${exchange}: events that are told behind a call`, async () => {
      for (const beginning of Object.values(beginnings))
        assert.ok((await runAll(exchange, beginning, [...calls, ...late], 2)) > 100)
    })

  test('long orders', async () => {
    const command = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...calls.filter(isHarmless)) },
      { weight: 3, arbitrary: fc.constantFrom(...atOnce, ...late) },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...exchanges),
        fc.array(command, { minLength: 5, maxLength: 80, size: 'max' }),
        async (exchange, commands) => {
          const session = new Session(exchange)
          for (const each of commands) await session.perform(each)
          await session.end()
        },
      ),
      { numRuns: 2000, interruptAfterTimeLimit: 20_000 },
    )
  })

  after(() => {
    const addons = Object.keys(require.cache).filter((file) => file.endsWith('.node'))
    assert.deepEqual(addons, [], 'the addon is not loaded')
  })
})

/** What ends a stream would be the end of nearly every long order. */
function isHarmless(command: Command): boolean {
  return !('call' in command) || !/destroy|abort$|lose/.test(command.call)
}
