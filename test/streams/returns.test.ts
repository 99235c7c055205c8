import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CertificateAuthority,
  type Peer,
  starts as peerStarts,
  startAedes,
  type TlsIdentity,
} from '../peers/index.js'
import { anywhere, type HandlerAction, inHandlers } from '../support/handler-actions.js'
import { type ProtocolName, perProtocol, policyOf, streamtype } from '../support/policies.js'
import { fixtureReports } from '../support/run-fixture.js'

type Start = (options: { tls?: TlsIdentity }) => Promise<Peer>
type Style = 'handlers' | 'listeners'

/** What the fixture says of one action at one place. */
interface Outcome {
  place: string
  action: string
  before: string[]
  after: string[]
  again?: string
  settled: string[]
  end: string
}

const transactional = (protocol: ProtocolName) => protocol === 'h1' || protocol === 'h2'

/** A broker that never acknowledges what is published on one topic. */
async function startHalfDeaf(options: { tls?: TlsIdentity }): Promise<Peer> {
  const peer = await startAedes(options)
  peer.broker.authorizePublish = (_client, packet, decide) => {
    if (!packet.topic.startsWith('unheard/')) decide(null)
  }
  return peer
}

const starts: Record<ProtocolName, Start> = { ...peerStarts, mqtt: startHalfDeaf }

/** What a stream passes through from first to last, when nothing is done about it. */
function life(protocol: ProtocolName): string[] {
  const begin = ['CREATING', 'POLL', 'CONNECTING']
  const end = ['DISCONNECTED', 'DESTROYING']
  if (transactional(protocol))
    return [...begin, 'tx', '1201', 'CONNECTED', 'rx', 'QOS_ACK_REMOTE', ...end]
  const acknowledgement = protocol === 'mqtt' ? ['QOS_ACK_REMOTE'] : []
  return [...begin, 'CONNECTED', 'tx', ...acknowledgement, 'rx', ...end]
}

function scenariosOf(protocol: ProtocolName, style: Style): Record<string, string[]> {
  const places = life(protocol).map((place) =>
    place === 'rx' && style === 'listeners' ? 'message' : place,
  )
  return {
    live: style === 'listeners' ? places.filter((place) => place !== 'tx') : places,
    refused: ['UNREACHABLE', 'ALL_RETRIES_FAILED'],
    silent: ['TIMEOUT'],
    ...(transactional(protocol) && { refusing: ['QOS_NACK_REMOTE'] }),
  }
}

function streamtypesOf(protocol: ProtocolName, peer: Peer, secure: boolean) {
  const of = (more = {}) =>
    streamtype(protocol, peer, {
      metadata: [{ topic: '' }, { note: '' }],
      ...(secure && { tls: true }),
      ...more,
    })
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
  const unheard = protocol === 'mqtt' ? { mqtt_topic: 'unheard/${topic}' } : {}
  const urls = transactional(protocol)
    ? {
        live: { http_url: '/status/201', http_resp_map: [{ 201: 1201 }] },
        refusing: { http_url: '/status/404' },
        silent: { http_url: '/hang' },
      }
    : { live: {}, refusing: unheard, silent: unheard }
  return {
    live: of(urls.live),
    refusing: of(urls.refusing),
    silent: of(urls.silent),
    refused: of({ port: 1 }),
    neighbour: of(),
  }
}

/** What is told of the end of a connection that `trace` leaves open. */
function disconnection(trace: string[]): string[] {
  return trace.lastIndexOf('CONNECTED') > trace.lastIndexOf('DISCONNECTED') ? ['DISCONNECTED'] : []
}

/** A broker may acknowledge a message before or after it passes it on. */
const inOrder = (protocol: ProtocolName, trace: string[]) =>
  protocol === 'mqtt' ? [...trace].sort() : trace

const whole = ({ before, after }: Outcome) => [...before, ...after]

/** In a tx handler, whether something is sent makes a difference. */
const sendsNothing = (name: string) => name.startsWith('return') || name === 'throw'

function checkHandlers(
  protocol: ProtocolName,
  outcome: Outcome,
  action: HandlerAction,
  all: Map<string, Outcome>,
): void {
  const { place, before, after, again } = outcome
  const ended = place === 'DESTROYING'
  switch (action.effect) {
    case 'goes on': {
      const same = all.get(sendsNothing(outcome.action) ? 'return OK' : 'nothing at all')
      assert.deepEqual(inOrder(protocol, whole(outcome)), inOrder(protocol, whole(same as Outcome)))
      break
    }
    case 'is destroyed':
      assert.deepEqual(after, ended ? [] : [...disconnection(before), 'DESTROYING'])
      break
    case 'disconnects':
      assert.deepEqual(after, ended ? [] : disconnection(before))
      assert.ok(ended || again)
      break
  }
}

function checkListeners(
  protocol: ProtocolName,
  outcome: Outcome,
  action: HandlerAction,
  all: Map<string, Outcome>,
): void {
  const { place, again } = outcome
  if (action.effect === 'goes on') {
    const same = all.get('nothing at all') as Outcome
    assert.deepEqual(inOrder(protocol, whole(outcome)), inOrder(protocol, whole(same)))
  }
  if (action.effect === 'disconnects') assert.ok(place === 'DESTROYING' || again)
}

const checks = { handlers: checkHandlers, listeners: checkListeners }

async function perform(protocol: ProtocolName, secure: boolean, style: Style): Promise<Outcome[]> {
  const authority = await CertificateAuthority.create()
  await using peer = await starts[protocol](secure ? { tls: await authority.issue() } : {})
  const reports = await fixtureReports('act-in-handler', {
    argument: {
      protocol,
      style,
      policy: policyOf(streamtypesOf(protocol, peer, secure), authority),
      scenarios: scenariosOf(protocol, style),
    },
  })
  const places = Object.values(scenariosOf(protocol, style)).flat()
  assert.deepEqual(reports.pop(), { exceptions: places.length, left: [] })
  return reports as Outcome[]
}

describe('inside a handler or a listener', { concurrency: 2, timeout: 300_000 }, () => {
  for (const protocol of Object.keys(perProtocol) as ProtocolName[])
    for (const secure of [false, true])
      for (const style of ['handlers', 'listeners'] as const)
        describe(`${style} on ${protocol}${secure ? ' with TLS' : ''}`, () => {
          const actions = { ...(style === 'handlers' && inHandlers), ...anywhere }
          let performed: Promise<Outcome[]> | undefined

          for (const place of Object.values(scenariosOf(protocol, style)).flat())
            test(`whatever is returned or called at ${place} is done, and nothing else`, async () => {
              performed ??= perform(protocol, secure, style)
              const outcomes = new Map(
                (await performed)
                  .filter((outcome) => outcome.place === place)
                  .map((outcome) => [outcome.action, outcome]),
              )
              assert.deepEqual([...outcomes.keys()].sort(), Object.keys(actions).sort())
              for (const [name, action] of Object.entries(actions)) {
                const outcome = outcomes.get(name) as Outcome
                try {
                  assert.equal(outcome.end, 'DESTROYING')
                  const trace = whole(outcome)
                  if (action.effect !== 'disconnects')
                    assert.equal(trace.filter((state) => state === 'DESTROYING').length, 1)
                  for (const how of outcome.settled) assert.match(how, /^fulfilled$|^ERR_SS_/)
                  checks[style](protocol, outcome, action, outcomes)
                } catch (error) {
                  throw Object.assign(error as Error, {
                    message: `${name}: ${(error as Error).message}\n${JSON.stringify(outcome)}`,
                  })
                }
              }
            })

          if (style === 'handlers')
            test('without that, the stream passes through what the documentation says', async () => {
              performed ??= perform(protocol, secure, style)
              const undisturbed = (await performed).find(
                ({ place, action }) => place === 'CREATING' && action === 'nothing at all',
              ) as Outcome
              assert.deepEqual(
                inOrder(protocol, whole(undisturbed)),
                inOrder(protocol, life(protocol)),
              )
            })
        })
})
