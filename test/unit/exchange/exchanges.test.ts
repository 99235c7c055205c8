/** Each exchange without lws: what the properties do not say. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addon, BUSY, type Stream } from './addon.js'
import { MessageSession, PublishSession, RequestSession } from './sessions.js'

function connect<S extends MessageSession | PublishSession>(session: S): S {
  session.send(3)
  session.work()
  session.connected()
  return session
}

const NOTED = ['beginAnew', 'noteUse', 'prepareConnection', 'prepareMessage'] as const

/** Notes what the exchange calls of its stream, and what it asks its link for. */
function callsOf(session: Stream): string[] {
  const calls: string[] = []
  for (const name of NOTED) session[name] = () => void calls.push(name)
  const request = session.request.bind(session)
  session.request = (length) => {
    calls.push('request')
    return request(length)
  }
  return calls
}

describe('messages', () => {
  test('are prepared for, and asked for, each once', () => {
    const session = new MessageSession()
    const calls = callsOf(session)
    session.send(3)
    session.work()
    assert.deepEqual(calls.splice(0), ['beginAnew', 'prepareConnection', 'request'])
    session.connected()
    session.tx(2, false)
    assert.deepEqual(calls.splice(0), ['noteUse', 'request'])
    session.work()
    assert.deepEqual(calls, [])
  })
  test('that are provided in pieces are asked for when there is a piece, and once', () => {
    const session = new MessageSession()
    const { exchange } = session
    session.send(6, { inPieces: true })
    session.work()
    session.connected()
    exchange.provide(0, 0, Buffer.alloc(3))
    exchange.pump()
    assert.equal(exchange.tx(0, 9)?.bytes.length, 3)
    assert.equal(exchange.tx(1, 9), undefined)
    const calls = callsOf(session)
    exchange.provide(0, 1, Buffer.alloc(3))
    exchange.pump()
    exchange.pump()
    assert.deepEqual(calls, ['request'])
  })
  test('have the next one asked for while the last one leaves', () => {
    const session = connect(new MessageSession())
    session.send(3)
    const calls = callsOf(session)
    session.tx(9, false)
    assert.deepEqual(calls, ['noteUse', 'prepareConnection', 'request'])
  })
  test('leave in pieces of the room that there is', () => {
    const session = connect(new MessageSession())
    const given = [session.tx(2, false), session.tx(2, false)]
    assert.deepEqual(
      given.map((each) => [each?.bytes.length, each?.begins, each?.ends]),
      [
        [2, true, false],
        [1, false, true],
      ],
    )
    assert.equal(session.tx(2, false), undefined)
  })
  test('have the frame that was asked for', () => {
    const { exchange } = new MessageSession()
    exchange.send(0, Buffer.from('a'), '', true)
    exchange.send(1, Buffer.from('b'), '', false)
    exchange.send(2, Buffer.from('c'), '')
    const frames = [0, 1, 2].map((ordinal) => exchange.tx(ordinal, 9)?.frame)
    assert.deepEqual(frames, ['binary', 'text', undefined])
  })
  test('are sent when the socket has them, and not before', () => {
    const session = connect(new MessageSession())
    session.tx(9, true)
    session.work()
    assert.equal(session.messages[0]?.verdict, undefined)
    session.tx(9, false)
    assert.equal(session.messages[0]?.verdict, 'sent')
  })
  test('connect with the metadata of the first, or of the connect() before it', () => {
    const { exchange } = new MessageSession()
    assert.equal(exchange.topicToConnect('now'), 'now')
    exchange.send(0, Buffer.from('a'), 'its own')
    assert.equal(exchange.topicToConnect('now'), 'its own')
    assert.equal(exchange.topicToConnect('now', 'asked'), 'asked')
  })
})

describe('publishes', () => {
  test('are prepared for, before lws is asked for room and when there is a connection', () => {
    const session = new PublishSession(false, 1)
    const calls = callsOf(session)
    session.send(3)
    session.work()
    assert.deepEqual(calls.splice(0), ['beginAnew', 'prepareConnection', 'request'])
    session.connected()
    assert.deepEqual(calls.splice(0), ['prepareMessage'])
    session.exchange.tx(0, 9)
    assert.deepEqual(calls.splice(0), ['noteUse', 'prepareMessage'])
    session.exchange.send(1, Buffer.from('a'), 'topic')
    session.exchange.pump()
    assert.deepEqual(calls, ['beginAnew', 'prepareMessage', 'prepareConnection', 'request'])
  })
  test('with resend make their connection one of use when the peer has answered', () => {
    for (const answer of ['acknowledged', 'refused'] as const) {
      const session = connect(new PublishSession(true, 1))
      const calls = callsOf(session)
      session.event = () => {}
      session.exchange.tx(0, 9)
      assert.deepEqual(calls.splice(0), ['prepareMessage'])
      session.exchange[answer](0)
      assert.deepEqual(calls, ['noteUse'])
    }
  })
  test('behind one that lws could not publish whole are asked for, unless all is closed', () => {
    for (const isClosing of [false, true]) {
      const session = connect(new PublishSession(false, 1))
      session.send(4)
      session.tx(2, false)
      if (isClosing) session.disconnect()
      const calls = callsOf(session)
      session.event = () => {}
      session.exchange.refused(1000)
      assert.equal(calls.includes('request'), !isClosing)
    }
  })
  test('one that is given up amid its bytes is dropped with its connection', () => {
    const session = connect(new PublishSession(true, 1))
    session.tx(2, false)
    session.exchange.cancel(0)
    const told: unknown[] = []
    session.event = (name, id) => told.push([name, id])
    session.exchange.lost()
    assert.deepEqual(told, [['dropped', 0]])
  })
  test('what the peer says of a tx that is not known is for the oldest', () => {
    const session = connect(new PublishSession(false, 1))
    const told: unknown[] = []
    session.event = (name, id) => told.push([name, id])
    session.tx(9, false)
    session.exchange.acknowledged(1000)
    session.exchange.acknowledged(1000)
    assert.deepEqual(told, [
      ['sent', 0],
      ['acknowledged', 0],
    ])
  })
  test('of QoS 0 all settle once the socket has them, whatever their order', () => {
    const session = new PublishSession(false, 0)
    const { exchange } = session
    const settled: number[] = []
    session.event = (name, id) => {
      if (name === 'acknowledged') settled.push(id)
    }
    for (const id of [5, 6]) exchange.send(id, Buffer.from('a'), 'topic')
    session.work()
    session.connected()
    for (const ordinal of [0, 1]) assert.ok(exchange.tx(ordinal, 9)?.ends)
    exchange.acknowledged(1)
    exchange.acknowledged(0)
    assert.deepEqual(settled, [])
    exchange.settleWritten()
    assert.deepEqual(settled, [5, 6])
  })
  test('lws is told the length of the one that is to leave', () => {
    const session = connect(new PublishSession(false, 1))
    assert.equal(session.requestedLength, 3)
    const [first] = session.messages
    session.send(5)
    if (first) session.cancel(first)
    assert.equal(session.tx(9, false), undefined)
    assert.equal(session.requestedLength, 5)
    assert.equal(session.tx(9, false)?.bytes.length, 5)
  })
  test('one that is given up amid its bytes leaves whole, but not again', () => {
    const session = connect(new PublishSession(true, 1))
    const [message] = session.messages
    assert.ok(message)
    session.tx(2, false)
    session.cancel(message)
    assert.equal(session.tx(2, false)?.ends, true)
    session.lose(true)
    assert.equal(session.exchange.isEmpty(), true)
  })
  test('is sent again after a loss, and is known as such', () => {
    const session = connect(new PublishSession(true, 1))
    assert.equal(session.exchange.isSentAgain(), false)
    session.tx(9, false)
    assert.equal(session.exchange.isSentAgain(), false)
    session.lose(true)
    assert.equal(session.exchange.isSentAgain(), true)
    session.end()
    assert.equal(session.messages[0]?.verdict, 'acknowledged')
  })
})

describe('requests', () => {
  test('are prepared for and asked for once, and told of when lws has them whole', () => {
    const session = new RequestSession()
    const calls = callsOf(session)
    const told: unknown[] = []
    session.event = (name, id) => told.push([name, id])
    session.send(3)
    session.work()
    assert.deepEqual(calls, ['beginAnew', 'prepareConnection', 'request'])
    session.work()
    assert.equal(calls.length, 3)
    assert.ok(session.exchange.tx(0, 9)?.ends)
    assert.deepEqual(told, [['sent', 0]])
  })
  test('that share a ride leave one after the other, and settle together', () => {
    const session = new RequestSession(2)
    const messages = [session.send(3), session.send(4)]
    session.work()
    assert.equal(session.tx(9, false)?.bytes.length, 3)
    session.work()
    assert.equal(session.tx(9, false)?.bytes.length, 4)
    session.answer(0, true)
    assert.deepEqual(
      messages.map(({ verdict }) => verdict),
      ['acknowledged', 'acknowledged'],
    )
  })
  test('of a ride, a part that comes later is asked for', () => {
    const session = new RequestSession(2)
    session.send(3)
    session.work()
    session.tx(9, false)
    session.send(4)
    const calls = callsOf(session)
    session.work()
    assert.deepEqual(calls, ['request'])
  })
  test('of a ride, the part that has begun to leave cannot be given up by itself', () => {
    const session = new RequestSession(2)
    const [, second] = [session.send(3), session.send(4)]
    session.work()
    session.tx(9, false)
    session.tx(2, false)
    if (second) session.cancel(second)
    assert.equal(session.isClosing(), true)
  })
  test('one that waits can be given up without an end to the other', () => {
    const session = new RequestSession()
    const [, second] = [session.send(3), session.send(4)]
    session.work()
    if (second) session.cancel(second)
    assert.equal(session.isClosing(), false)
  })
  test('one without bytes has no body', () => {
    const session = new RequestSession()
    session.send(0)
    session.work()
    assert.equal(session.exchange.tx(0, 9), undefined)
  })
  test('are tried again unless they were answered or dropped, or others wait', () => {
    const session = new RequestSession()
    const { exchange } = session
    session.event = () => {}
    const wanted = () => [exchange.wantsRetry(false), exchange.wantsRetry(true)]
    assert.deepEqual(wanted(), [true, false])
    exchange.send(0, Buffer.from('a'), 'topic')
    assert.deepEqual(wanted(), [true, true])
    exchange.tx(0, 9)
    exchange.dropStarted()
    assert.deepEqual(wanted(), [false, false])
    exchange.connecting()
    assert.deepEqual(wanted(), [true, false])
    const kind = { exchange: 'requests', nailedUp: false, qos: 1 } as const
    exchange.setKind({ ...kind, canSend: false })
    assert.deepEqual(wanted(), [true, true])
  })
  test('connect with the metadata of the first, or else of connect()', () => {
    const { exchange } = new RequestSession()
    assert.equal(exchange.topicToConnect('now'), 'now')
    assert.equal(exchange.topicToConnect('now', 'asked'), 'asked')
    exchange.send(0, Buffer.from('a'), 'its own')
    assert.equal(exchange.topicToConnect('now', 'asked'), 'its own')
  })
  test('the end of a transaction whose message is given up is that of its connection', () => {
    const session = new RequestSession()
    const message = session.send(3)
    session.work()
    assert.equal(session.phase(), BUSY)
    session.cancel(message)
    assert.equal(session.isClosing(), true)
  })
  test('a message that a policy dropped is not retried without it', () => {
    const session = new RequestSession()
    session.send(3)
    session.work()
    session.unreachable(true)
    assert.equal(session.exchange.wantsRetry(false), true)
    session.setKind(false, 0)
    session.setKind(true, 0)
    assert.equal(session.exchange.wantsRetry(false), false)
  })
  test('nothing is begun while nobody reads the answer', () => {
    const session = new RequestSession()
    session.send(3)
    session.perform({ do: 'set reading', n: 0, yes: false })
    session.work()
    assert.notEqual(session.phase(), BUSY)
  })
})

describe('handlers', () => {
  test('give what tx gives, with its flags, unless they have closed the stream', () => {
    const session = new MessageSession()
    const calls: unknown[] = []
    const answers: ([Uint8Array, number] | undefined)[] = [
      [Buffer.from('abc'), 1],
      undefined,
      [Buffer.from('def'), 2],
    ]
    const exchange = new addon.TestExchange(session, {
      tx(room, ordinal) {
        calls.push([room, ordinal])
        if (calls.length === 3) session.disconnect()
        return answers[calls.length - 1]
      },
    })
    assert.deepEqual(exchange.tx(0, 9), { bytes: Buffer.from('abc'), begins: true, ends: false })
    assert.equal(exchange.tx(1, 9), undefined)
    assert.equal(exchange.tx(2, 9), undefined)
    assert.deepEqual(calls, [
      [9, 0],
      [9, 1],
      [9, 2],
    ])
    assert.equal(exchange.isEmpty(), true)
  })
})
