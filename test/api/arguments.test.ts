import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  Context,
  openContext,
  PolicyError,
  SecureStream,
  Server,
  stateCode,
  stateName,
} from 'lws-secure-streams'
import { CertificateAuthority } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const policy = policyOf({
  get: streamtype('h1', { port: 1 }, { http_method: 'GET', metadata: [{ name: '' }] }),
  chat: streamtype('ws', { port: 1 }),
  served: { server: true, port: 0, protocol: 'h1' },
})
const wrongMetadata = [5, 'x', null, ['x'], new Map([['name', 'x']]), new Headers({ name: 'x' })]
const wrongType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const wrongValue = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const outOfRange = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
const notYet = { name: 'NotImplementedError', code: 'ERR_SS_NOT_IMPLEMENTED' }

describe('openContext()', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
  const open = openContext as (options?: any) => Promise<Context>

  test('throws at once for arguments that are wrong whatever the policy says', () => {
    for (const options of [undefined, null, 5, 'policy', []])
      assert.throws(() => open(options), wrongType)
    assert.throws(() => open({}), wrongValue)
    assert.throws(() => open({ policy, policyFile: 'x' }), wrongValue)
    assert.throws(() => open({ policy: 5 }), wrongType)
    assert.throws(() => open({ policy: null }), wrongType)
    assert.throws(() => open({ policy: new URL('http://localhost/') }), wrongValue)
    assert.throws(() => open({ policyFile: 5 }), wrongType)
    assert.throws(() => open({ policy, overlays: {} }), wrongType)
    assert.throws(() => open({ policy, signal: {} }), wrongType)
    assert.throws(() => open({ policy, cookieJar: 5 }), wrongType)
    assert.throws(() => open({ policy, maxSockets: '5' }), wrongType)
    for (const maxSockets of [0, -1, 1.5, Number.NaN])
      assert.throws(() => open({ policy, maxSockets }), { code: 'ERR_OUT_OF_RANGE' })
    assert.throws(() => open({ policy, blobs: { other: 'x' } }), wrongType)
    for (const name of ['clientKey', 'authScheme', 'toString'])
      assert.throws(() => open({ policy, blobs: { [name]: 'x' } }), /an object without/)
    assert.throws(() => open({ policy, blobs: { auth: 'x' } }), wrongType)
    assert.throws(() => open({ policy, blobs: { auth: ['1', '2', '3', '4', '5'] } }), outOfRange)
    const injected = 'secret\r\nx-more: 1'
    for (const name of ['deviceSerial', 'deviceFirmwareVersion', 'deviceType'])
      assert.throws(() => open({ policy, blobs: { [name]: injected } }), wrongValue)
    assert.throws(
      () => open({ policy, blobs: { auth: ['fine', injected] } }),
      (error: Error) => /auth/.test(error.message) && !/secret/.test(error.message),
    )
    assert.throws(() => open({ policy, proxy: { path: '@x' } }), notYet)
  })

  test('throws for a client certificate that libwebsockets could not use', async () => {
    const authority = await CertificateAuthority.create()
    const [one, other] = [await authority.issue(), await authority.issue()]
    const cert = new X509Certificate(one.cert).raw
    const key = createPrivateKey(one.key).export({ type: 'pkcs8', format: 'der' })
    const strange = createPrivateKey(other.key).export({ type: 'sec1', format: 'der' })
    const refused = (pair: object, argument: string, says = '') =>
      assert.throws(
        () =>
          open({
            policy,
            blobs: {
              clientCert: [
                { cert, key },
                { cert, key, ...pair },
              ],
            },
          }),
        ({ code, message }) =>
          code === 'ERR_INVALID_ARG_VALUE' &&
          message.includes(`"options.blobs.clientCert[1].${argument}" argument ${says}`),
      )
    refused({ cert: cert.subarray(1) }, 'cert')
    refused({ key: cert }, 'key')
    refused({ key: strange }, 'key')
    const encrypted = createPrivateKey(one.key).export({
      type: 'pkcs8',
      format: 'der',
      cipher: 'aes-256-cbc',
      passphrase: 'a passphrase',
    })
    refused({ key: encrypted }, 'key', 'is encrypted with a passphrase')
    refused({ key: encrypted, passphrase: 'another' }, 'key', 'is encrypted, and not with this')
    const written = createPrivateKey(one.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'a passphrase',
    })
    refused({ key: written }, 'key', 'is encrypted with a passphrase')
    refused({ cert: 'no PEM' }, 'cert', 'must be a certificate in DER, or a chain in PEM')
    const elsewhere = 'names a key that'
    refused({ key: 'pkcs11:token=mine;object=key' }, 'key', elsewhere)
    refused({ key: '-----BEGIN TSS2 PRIVATE KEY-----\nMII=\n' }, 'key', elsewhere)
    refused({ privateKeyIdentifier: 'key', privateKeyEngine: 'pkcs11' }, 'privateKeyIdentifier')
    await (await open({ policy, blobs: { clientCert: [{ cert, key }] } })).close()
  })

  test('rejects for what only reading the policy can tell', async () => {
    await assert.rejects(open({ policy: '{' }), PolicyError)
    await assert.rejects(open({ policyFile: '/nowhere/at/all.json' }), { code: 'ENOENT' })
    await assert.rejects(open({ policy: pathToFileURL('/nowhere/at/all.json') }), {
      code: 'ENOENT',
    })
    const error = await open({
      policy: '{ "s": [ { "x": { "protocol": "carrier-pigeon" } } ] }',
    }).catch((error) => error)
    assert.ok(error instanceof PolicyError)
    assert.equal(error.code, 'ERR_SS_POLICY')
    assert.ok((error.diagnostics[0]?.line ?? 0) > 0)
  })

  test('rejects with the reason of its signal', async () => {
    const reason = new Error('not any more')
    await assert.rejects(open({ policy, signal: AbortSignal.abort(reason) }), (e) => e === reason)
    const aborting = new AbortController()
    const context = await open({ policy, signal: aborting.signal })
    const stream = context.stream('chat')
    const sent = stream.send('x')
    aborting.abort(reason)
    await assert.rejects(sent, (e) => e === reason)
    await context.close()
  })

  test('rejects with that reason while the context opens', async () => {
    const reason = new Error('not any more')
    const aborting = new AbortController()
    const opening = open({ policy, signal: aborting.signal })
    queueMicrotask(() => queueMicrotask(() => aborting.abort(reason)))
    await assert.rejects(opening, (e) => e === reason)
  })
})

test('stateCode() and stateName() say what is wrong', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
  const [code, name]: any[] = [stateCode, stateName]
  for (const wrong of [undefined, null, 5, 5n, Symbol('CONNECTED'), ['CONNECTED']])
    assert.throws(() => code(wrong), wrongType)
  for (const wrong of ['', 'connected', 'toString', '1'])
    assert.throws(() => code(wrong), outOfRange)
  for (const wrong of [undefined, null, '5', '1005', 5n, Symbol('5'), [1005], {}])
    assert.throws(() => name(wrong), wrongType)
  for (const wrong of [-1, 0, 1.5, 999, 1000.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => name(wrong), outOfRange)
  assert.equal(name(1000), 1000)
  assert.equal(name(code('CONNECTED')), 'CONNECTED')
})

describe('a context and its streams', () => {
  let context: Context
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
  let loose: any
  before(async () => {
    context = await openContext({ policy })
    loose = context
  })
  after(() => context.close())

  test('stream() says what is wrong', () => {
    assert.throws(() => loose.stream(), wrongType)
    assert.throws(() => loose.stream(5), wrongType)
    assert.throws(() => loose.stream('chat', 5), wrongType)
    assert.throws(() => loose.stream('chat', { state: 5 }), wrongType)
    for (const metadata of wrongMetadata)
      assert.throws(() => loose.stream('chat', { metadata }), wrongType)
    assert.throws(() => loose.stream('chat', { signal: 5 }), wrongType)
    assert.throws(() => loose.stream('get', { metadata: { name: 5 } }), wrongType)
    assert.throws(() => loose.stream('none'), {
      code: 'ERR_SS_UNKNOWN_STREAMTYPE',
      message: /'none'.*get, chat/,
    })
    assert.throws(() => loose.stream('get', { metadata: { nome: 'x' } }), {
      code: 'ERR_SS_UNKNOWN_METADATA',
      message: /'nome'.*name/,
    })
    assert.throws(() => loose.stream('served'), {
      code: 'ERR_SS_IS_SERVER',
      message: /use serve\(\)/,
    })
    assert.equal(context.stats.streams, 0, 'nothing is left of what threw')
  })

  test('request() says what is wrong', async () => {
    assert.throws(() => loose.request(), wrongType)
    assert.throws(() => loose.request('get', 5), wrongType)
    for (const timeout of ['x', '5', null, true])
      assert.throws(() => loose.request('get', { timeout }), wrongType)
    for (const timeout of [-1, Number.NaN])
      assert.throws(() => loose.request('get', { timeout }), outOfRange)
    assert.throws(() => loose.request('get', { body: 5 }), wrongType)
    assert.throws(() => loose.request('get', { signal: 5 }), wrongType)
    for (const metadata of wrongMetadata)
      assert.throws(() => loose.request('get', { metadata }), wrongType)
    for (const name of [5, null, undefined, {}])
      assert.throws(() => loose.request('get', { metadata: { name } }), wrongType)
    assert.throws(() => loose.request('get', { metadata: { name: 'a\nb' } }), wrongValue)
    assert.equal(context.stats.streams, 0, 'nothing is left of what threw')
    await assert.rejects(loose.request('get', { metadata: { nome: 'x' } }), {
      code: 'ERR_SS_UNKNOWN_METADATA',
    })
    const reason = new TypeError('not any more')
    await assert.rejects(
      loose.request('get', { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    )
    await assert.rejects(loose.request('none'), { code: 'ERR_SS_UNKNOWN_STREAMTYPE' })
    await assert.rejects(loose.request('get', { body: 'x' }), {
      code: 'ERR_SS_CANNOT_SEND',
      message: /GET, has no body; leave out the body, or set http_method/,
    })
  })

  test('the classes that are exported have no constructor of their own', () => {
    const illegal = (message: RegExp) => ({
      name: 'TypeError',
      code: 'ERR_ILLEGAL_CONSTRUCTOR',
      message,
    })
    for (const args of [[], [null], [{}, {}]] as const) {
      assert.throws(() => Reflect.construct(Context, args), illegal(/openContext\(\)/))
      assert.throws(() => Reflect.construct(SecureStream, args), illegal(/context\.stream\(\)/))
      assert.throws(() => Reflect.construct(Server, args), illegal(/context\.serve\(\)/))
    }
  })

  test('the methods of a stream say what is wrong', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
    const stream: any = context.stream('get')
    assert.throws(() => stream.send(5), wrongType)
    assert.throws(() => stream.send('x', { signal: 5 }), wrongType)
    for (const options of [null, 5]) assert.throws(() => stream.send('x', options), wrongType)
    for (const unlike of [new Proxy(new Uint8Array(1), {}), Object.create(Uint8Array.prototype)])
      assert.throws(() => stream.send(unlike), wrongType)
    assert.throws(() => stream.requestTx('x'), wrongType)
    for (const length of [-1, 1.5, Number.NaN, 2 ** 32])
      assert.throws(() => stream.requestTx(length), outOfRange)
    assert.throws(() => stream.startTimeout(-1), outOfRange)
    assert.throws(() => stream.setMetadata(5), wrongType)
    assert.throws(() => stream.setMetadata('name', 5), wrongType)
    assert.throws(() => stream.setMetadata('other', 'x'), { code: 'ERR_SS_UNKNOWN_METADATA' })
    assert.throws(() => stream.getMetadata('other'), { code: 'ERR_SS_UNKNOWN_METADATA' })
    assert.throws(() => stream.changeHandlers({}), wrongType)
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
    const handled: any = context.stream('get', { state() {} })
    for (const handlers of [undefined, null, 5, { rx: 5 }, { tx: null }])
      assert.throws(() => handled.changeHandlers(handlers), wrongType)
    handled.destroy()
    assert.throws(() => context.setBlob('deviceType', 'a\nb'), wrongValue)
    for (const [name, value, argument] of [
      ['auth', 'y', 'value'],
      ['auth', ['x', 5], 'value[1]'],
      ['clientCert', [{ cert: 5 }], 'value[0].cert'],
      ['deviceSerial', 5, 'value'],
    ])
      assert.throws(
        () => loose.setBlob(name, value),
        ({ message }) => message.startsWith(`The "${argument}" argument must be`),
      )
    for (const name of ['other', 'clientKey', 'authScheme', 'toString'])
      assert.throws(() => loose.setBlob(name, 'x'), { ...wrongValue, message: /deviceType/ })
    assert.throws(() => loose.setBlob(), wrongType)
    await assert.rejects(stream.send('x'), {
      code: 'ERR_SS_CANNOT_SEND',
      message: /GET, has no body; use request\(\)$/,
    })
    stream.destroy()
  })

  test('what a later version brings is refused', () => {
    assert.throws(() => context.serveProxy(), notYet)
  })

  test('the policy and its streamtypes can be read, and are copies', () => {
    assert.deepEqual(context.streamtypes, ['get', 'chat', 'served'])
    const copy = context.policy as unknown as { s: unknown[] }
    copy.s.length = 0
    assert.equal(context.policy.s.length, 3)
  })

  test('after its end a stream refuses everything, and crashes at nothing', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: called wrongly on purpose
    const stream: any = context.stream('chat')
    await stream[Symbol.asyncDispose]()
    assert.equal(stream.destroyed, true)
    assert.equal(stream.state, 'DESTROYING')
    const gone = { code: 'ERR_SS_DESTROYED' }
    await assert.rejects(stream.send('x'), gone)
    await assert.rejects(stream.connect(), gone)
    stream.requestTx()
    stream.disconnect()
    stream.destroy()
    stream.startTimeout()
    stream.cancelTimeout()
    stream.serverAck()
    stream.addPeerTxCredit(1)
    stream.ref().unref()
    assert.equal(stream.peerTxCredit, 0)
    assert.equal(stream.tag, '')
    assert.deepEqual({ ...stream.metadata }, {})
    assert.equal((await stream[Symbol.asyncIterator]().next()).done, true)
  })
})
