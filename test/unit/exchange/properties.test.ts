/** Each exchange without lws: whatever happens in whatever order, no message is lost or doubled. */
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { COMMANDS, type Command, type Session } from './session.js'
import { MessageSession, PublishSession, RequestSession } from './sessions.js'

const sessions: Record<string, () => Session> = {
  messages: () => new MessageSession(),
  publishes: () => new PublishSession(false, 1),
  'publishes of QoS 0': () => new PublishSession(false, 0),
  'publishes with resend': () => new PublishSession(true, 1),
  'publishes of QoS 0 with resend': () => new PublishSession(true, 0),
  requests: () => new RequestSession(),
  'requests of which three share a ride': () => new RequestSession(3),
}

const often: Command['do'][] = ['send', 'work', 'connected', 'tx', 'provide', 'answer']
const command: fc.Arbitrary<Command> = fc.record({
  do: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...often) },
    { weight: 1, arbitrary: fc.constantFrom(...COMMANDS) },
  ),
  n: fc.nat(12),
  yes: fc.boolean(),
})

describe('an exchange settles each message once, and gives each whole and in order', () => {
  for (const [name, begin] of Object.entries(sessions))
    test(name, () => {
      fc.assert(
        fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
          const session = begin()
          for (const each of commands) session.perform(each)
          session.end()
        }),
        { numRuns: 2000, interruptAfterTimeLimit: 20_000 },
      )
    })
})
