/** What each event, and each call, does to what waits on a stream, without libwebsockets. */
import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import {
  AllRetriesFailedError,
  DestroyedError,
  DisconnectedError,
  type NackError,
  SecureStreamError,
  TimeoutError,
  UnreachableError,
} from 'lws-secure-streams'
import { internal } from '../../support/internals.js'
import { flush, kinds, openStream, watch } from './life-session.js'
import { NativeDouble } from './native-double.js'

const { Kind } = internal<typeof import('../../../dist/streamtypes/kind.js')>('streamtypes/kind.js')

const PIECE = { perf: false, binary: false }
const FAILURE = {
  words: '',
  number: 0,
  attempts: 1,
  endpoint: 'peer:1',
  settingsDiffer: false,
  notRepeated: false,
  closeCode: undefined,
}
const LIMIT = 1000

class CallsDouble extends NativeDouble {
  readonly calls: string[] = []
  override connect(): void {
    this.calls.push('connect')
  }
  override endConnecting(): void {
    this.calls.push('endConnecting')
  }
  override cancelSend(): void {
    this.calls.push('cancelSend')
  }
  override listen(): void {
    this.calls.push('listen')
  }
  override disconnect(): void {
    this.calls.push('disconnect')
  }
}

function open(exchange: keyof typeof kinds = 'messages', kind = kinds[exchange]) {
  const double = new CallsDouble(exchange)
  const stream = openStream(double, kind)
  const { life, sending, receiving } = double.events
  return {
    ...{ stream, double, life, sending },
    states(...states: (string | number)[]): void {
      for (const state of states) life.state(state as Parameters<typeof life.state>[0], 0)
    },
    receive(text: string, som: boolean, eom: boolean): void {
      receiving.received(Buffer.from(text), { ...PIECE, som, eom })
    },
    read: () => stream[Symbol.asyncIterator]().next(),
  }
}

/** Why a promise has rejected, which it has to have done by now. */
async function reasonOf(promise: Promise<unknown>): Promise<Error> {
  const watched = watch('', promise)
  await flush()
  assert.equal(watched.outcome, 'rejected')
  return watched.value as Error
}

/** What has become of promises by now. */
async function outcomes(...promises: Promise<unknown>[]): Promise<string[]> {
  const watched = promises.map((promise) => watch('', promise))
  await flush()
  return watched.map(({ outcome }) => outcome)
}

describe('connect()', () => {
  test('settles with each call when there is a connection, and then at once', async () => {
    const { stream, double, states } = open()
    const connects = [stream.connect(), stream.connect()]
    assert.deepEqual(await outcomes(...connects), ['pending', 'pending'])
    states('CONNECTING', 'CONNECTED')
    assert.deepEqual(await outcomes(...connects), ['fulfilled', 'fulfilled'])
    assert.deepEqual(await outcomes(stream.connect()), ['fulfilled'])
    assert.deepEqual(double.calls, ['connect', 'connect'])
  })
  for (const state of ['CONNECTING', 'DISCONNECTED', 'UNREACHABLE'])
    test(`makes a connection again after ${state}`, async () => {
      const { stream, double, states } = open()
      states('CONNECTED', state)
      assert.deepEqual(await outcomes(stream.connect()), ['pending'])
      assert.deepEqual(double.calls, ['connect'])
    })
  test('makes a connection again after disconnect()', async () => {
    const { stream, double, states } = open()
    states('CONNECTED')
    stream.disconnect()
    assert.deepEqual(await outcomes(stream.connect()), ['pending'])
    assert.deepEqual(double.calls, ['disconnect', 'connect'])
  })
})

describe('what waits rejects', () => {
  test('with disconnect()', async () => {
    const { stream, double } = open()
    const waiting = [stream.send('x'), stream.connect(), stream.connect()]
    stream.disconnect()
    for (const each of waiting) assert.ok((await reasonOf(each)) instanceof DisconnectedError)
    assert.equal(double.calls.at(-1), 'disconnect')
  })
  test('with ALL_RETRIES_FAILED', async () => {
    const { stream, states } = open()
    const waiting = [stream.send('x'), stream.connect()]
    states('CONNECTING', 'UNREACHABLE', 'ALL_RETRIES_FAILED')
    for (const each of waiting) {
      const error = await reasonOf(each)
      assert.ok(error instanceof AllRetriesFailedError)
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNRESET')
    }
  })
  test('with TIMEOUT', async () => {
    const { stream, double, states } = open()
    const sent = stream.send('x')
    states('CONNECTED', 'TIMEOUT')
    assert.ok((await reasonOf(sent)) instanceof TimeoutError)
    assert.deepEqual(double.calls, ['disconnect'])
  })
  for (const kind of [undefined, kinds.bytes])
    test(`with the end of the stream, and its reason: ${kind ? 'changed' : 'gone'}`, async () => {
      const { stream, states } = open()
      const sent = stream.send('x')
      stream.life.followPolicy(kind)
      states('DESTROYING')
      const error = await reasonOf(sent)
      assert.ok(error instanceof DestroyedError)
      assert.ok(error.cause instanceof SecureStreamError)
      assert.ok((await reasonOf(stream.connect())) instanceof DestroyedError)
    })
  test('with no such reason when the streamtype has come back', async () => {
    const { stream, states } = open()
    const sent = stream.send('x')
    stream.life.followPolicy(undefined)
    stream.life.followPolicy(kinds.messages)
    states('DESTROYING')
    const error = await reasonOf(sent)
    assert.ok(error instanceof DestroyedError)
    assert.equal(error.cause, undefined)
  })
  test('when nobody reads, and no answer can come to its end', async () => {
    const { stream, double } = open('requests')
    stream.life.unread()
    assert.deepEqual(double.calls, [])
    const sent = stream.send('x')
    stream.life.unread()
    assert.equal(((await reasonOf(sent)) as SecureStreamError).code, 'ERR_SS_UNREAD')
    assert.deepEqual(double.calls, ['disconnect'])
  })
  test('with the reason of an abort itself', async () => {
    const { stream, read, states } = open()
    const waiting = [stream.send('x'), stream.connect(), read()]
    stream.life.abort('aborted')
    states('DESTROYING')
    for (const each of [...waiting, stream.send('x')]) assert.equal(await reasonOf(each), 'aborted')
  })
  test('with that it is not sent again, when the peer may have it', async () => {
    const { stream, life, sending, states } = open('requests')
    const waiting = [stream.send('x'), stream.connect()]
    states('CONNECTING')
    life.failed({ ...FAILURE, words: 'reset', notRepeated: true })
    sending.dropped(1)
    states('UNREACHABLE', 'ALL_RETRIES_FAILED')
    for (const each of waiting) {
      const error = await reasonOf(each)
      assert.ok(error instanceof DisconnectedError)
      assert.match(error.message, /reset/)
    }
  })
  test('but not with what was so in an earlier attempt', async () => {
    const { stream, life, states } = open('requests')
    states('CONNECTING')
    life.failed({ ...FAILURE, words: 'reset', notRepeated: true })
    states('UNREACHABLE')
    const sent = stream.send('x')
    states('CONNECTING', 'UNREACHABLE', 'ALL_RETRIES_FAILED')
    assert.ok((await reasonOf(sent)) instanceof AllRetriesFailedError)
  })
  test('but TIMEOUT ends no connection on which nothing waits', () => {
    const { double, states } = open()
    states('CONNECTED', 'TIMEOUT')
    assert.deepEqual(double.calls, [])
  })
})

describe('a message that the peer refuses', () => {
  test('rejects with the state that the policy has for the answer, or that of lws', async () => {
    const { stream, sending, states } = open('requests')
    const sent = [stream.send('x'), stream.send('y')]
    states('CONNECTING', 'CONNECTED', 1001)
    sending.refused(1, 0)
    states('DISCONNECTED', 'CONNECTING', 'CONNECTED')
    sending.refused(2, 0)
    const errors = await Promise.all(sent.map(reasonOf))
    assert.deepEqual(
      errors.map((error) => (error as NackError).state),
      [1001, 'QOS_NACK_REMOTE'],
    )
  })
})

describe('somebody who reads', () => {
  const giveUp = ['CONNECTING', 'UNREACHABLE', 'ALL_RETRIES_FAILED']

  test('is told that there is no connection, when nobody else wants one', async () => {
    const { read, states, double } = open()
    const next = read()
    assert.deepEqual(double.calls, ['listen'])
    states(...giveUp)
    assert.ok((await reasonOf(next)) instanceof AllRetriesFailedError)
  })
  test('is not told of it when a message waits, whose sender is', async () => {
    const { stream, read, states } = open()
    const sent = stream.send('x')
    const next = read()
    states(...giveUp)
    assert.deepEqual(await outcomes(sent, next), ['rejected', 'pending'])
  })
  test('is not told of a later attempt, once there was a connection', async () => {
    const { read, states } = open()
    const next = read()
    states('CONNECTING', 'CONNECTED', 'DISCONNECTED', ...giveUp)
    assert.deepEqual(await outcomes(next), ['pending'])
  })
  for (const state of ['CONNECTING', 'DISCONNECTED'])
    test(`gets no message whose end has not come by ${state}`, async () => {
      const { read, states, receive } = open()
      states('CONNECTED')
      receive('a', true, false)
      states(state)
      receive('b', true, true)
      assert.equal((await read()).value?.text(), 'b')
    })
  test('gets no piece of a message whose end has not come by DESTROYING', async () => {
    const { stream, states, receive } = open()
    states('CONNECTED')
    receive('a', true, false)
    states('DESTROYING')
    assert.equal((await stream.chunks().next()).done, true)
  })
})

describe('lastError', () => {
  test('says something, also when the addon has said nothing', () => {
    const { stream, states } = open()
    states('CONNECTING', 'UNREACHABLE')
    assert.ok(stream.lastError instanceof UnreachableError)
    states('CONNECTING')
    assert.equal(stream.lastError, undefined)
  })
  test('is what the addon has said before', () => {
    const { stream, life, states } = open()
    states('CONNECTING')
    life.failed({ ...FAILURE, words: 'no route' })
    states('UNREACHABLE')
    assert.match(String(stream.lastError), /no route/)
  })
  test('is the reason why the library has ended the connection', () => {
    const { stream, double, states } = open()
    states('CONNECTED')
    const reason = new DisconnectedError({}, 'ended by a test')
    stream.life.breakOff(reason)
    states('DISCONNECTED')
    assert.equal(stream.lastError, reason)
    assert.deepEqual(double.calls, ['disconnect'])
  })
})

describe('who waits for the end of a stream', () => {
  test('is told of it, each of several, and also afterwards', async () => {
    const { stream, states } = open()
    const waiting = [stream.life.closed(), stream.life.closed()]
    states('DESTROYING')
    assert.deepEqual(await outcomes(...waiting, stream.life.closed()), [
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ])
  })
  test('is told when nobody reads', async () => {
    const { stream } = open('requests')
    const waiting = stream.life.closedOrUnread()
    assert.deepEqual(await outcomes(waiting), ['pending'])
    stream.life.unread()
    assert.deepEqual(await outcomes(waiting), ['fulfilled'])
  })
  test('waits for messages no longer than there is a connection', async () => {
    const { stream, states } = open()
    stream.send('x').catch(() => {})
    states('CONNECTED')
    const drained = stream.life.drained()
    assert.deepEqual(await outcomes(drained), ['pending'])
    states('DISCONNECTED')
    assert.deepEqual(await outcomes(drained), ['fulfilled'])
  })
  test('does not wait for messages while there is no connection', async () => {
    const { stream, states } = open()
    stream.send('x').catch(() => {})
    states('CONNECTING', 'UNREACHABLE')
    assert.deepEqual(await outcomes(stream.life.drained()), ['fulfilled'])
  })
  for (const answer of ['QOS_ACK_REMOTE', 'QOS_NACK_REMOTE', 1001])
    test(`waits for what is behind a transaction that is over: ${answer}`, async () => {
      const { stream, states } = open('requests')
      stream.send('x').catch(() => {})
      states('CONNECTING', 'CONNECTED')
      const drained = stream.life.drained()
      states(answer, 'DISCONNECTED')
      assert.deepEqual(await outcomes(drained), ['pending'])
      states('CONNECTING', 'UNREACHABLE')
      assert.deepEqual(await outcomes(drained), ['fulfilled'])
    })
})

describe('the time limit of a policy', () => {
  const limited = new Kind('it', {
    endpoint: 'host',
    protocol: 'h1',
    http_method: 'POST',
    timeout_ms: LIMIT,
  })

  function start() {
    mock.timers.enable({ apis: ['setTimeout'] })
    return { ...open('requests', limited), pass: (ms: number) => mock.timers.tick(ms) }
  }
  const limit = (name: string, run: () => Promise<void>) =>
    test(name, () => run().finally(() => mock.timers.reset()))

  limit('counts from the first attempt of a transaction on', async () => {
    const { stream, double, states, pass } = start()
    const sent = stream.send('x')
    pass(LIMIT)
    states('CONNECTING')
    pass(LIMIT - 1)
    states('UNREACHABLE', 'CONNECTING', 'CONNECTED')
    assert.deepEqual(await outcomes(sent), ['pending'])
    pass(1)
    assert.ok((await reasonOf(sent)) instanceof TimeoutError)
    assert.deepEqual(double.calls, ['cancelSend'])
  })
  limit('is that of each message', async () => {
    const { stream, states, sending, pass } = start()
    const sent = [stream.send('x'), stream.send('y')]
    states('CONNECTING', 'CONNECTED')
    pass(LIMIT - 1)
    sending.acknowledged(1)
    states('QOS_ACK_REMOTE', 'DISCONNECTED', 'CONNECTING')
    pass(LIMIT - 1)
    assert.deepEqual(await outcomes(...sent), ['fulfilled', 'pending'])
    pass(1)
    assert.deepEqual(await outcomes(...sent), ['fulfilled', 'rejected'])
  })
  limit('is that of a connect(), which leaves messages behind it alone', async () => {
    const { stream, double, states, pass } = start()
    const connected = stream.connect()
    states('CONNECTING')
    const sent = stream.send('x')
    pass(LIMIT)
    assert.deepEqual(await outcomes(connected, sent), ['rejected', 'pending'])
    assert.deepEqual(double.calls, ['connect', 'endConnecting'])
  })
  limit('is over for a connect() that has its connection', async () => {
    const { stream, double, states, pass } = start()
    const connected = stream.connect()
    states('CONNECTING', 'CONNECTED')
    const again = stream.connect()
    states('DISCONNECTED')
    const later = stream.connect()
    pass(LIMIT)
    assert.deepEqual(await outcomes(connected, again, later), ['fulfilled', 'fulfilled', 'pending'])
    assert.deepEqual(double.calls, ['connect', 'connect'])
  })
  limit('does not count while nothing is asked for', async () => {
    const { stream, double, states, pass } = start()
    states('CONNECTING', 'UNREACHABLE')
    pass(LIMIT - 1)
    const connected = stream.connect()
    states('CONNECTING')
    pass(LIMIT - 1)
    assert.deepEqual(await outcomes(connected), ['pending'])
    assert.deepEqual(double.calls, ['connect'])
    pass(1)
    assert.ok((await reasonOf(connected)) instanceof TimeoutError)
  })
  limit('does not count for a stream that has a limit of its own', async () => {
    const { stream, states, pass } = start()
    stream.life.ignoreTimeLimit()
    const sent = stream.send('x')
    states('CONNECTING')
    pass(2 * LIMIT)
    assert.deepEqual(await outcomes(sent), ['pending'])
  })
})
