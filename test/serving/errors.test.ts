/** Why a server does not listen. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { describe, test } from 'node:test'
import { openContext, type PolicyInput, SecureStreamError } from 'lws-secure-streams'
import { connectTo, echo, errnoOfAnybody, rawServer, servedPolicy, serveRaw } from './servers.js'

/** What serve() rejects with. */
async function failureOf(policy: PolicyInput, streamtype = 'served'): Promise<SecureStreamError> {
  await using context = await openContext({ policy })
  const error = await context.serve(streamtype, echo).then(
    () => assert.fail('it listens'),
    (reason) => reason,
  )
  assert.ok(error instanceof SecureStreamError, `${error}`)
  return error
}

async function listenFailure(more: object): Promise<NodeJS.ErrnoException> {
  const error = await failureOf(servedPolicy({ served: rawServer(more) }))
  assert.equal(error.code, 'ERR_SS_LISTEN', error.message)
  const cause = error.cause as NodeJS.ErrnoException
  assert.equal(cause.syscall, 'listen')
  assert.ok(error.message.includes(cause.message))
  return cause
}

/** The first port that needs no privilege. */
function firstFreePort(): number {
  if (process.platform !== 'linux') return process.platform === 'win32' ? 0 : 1024
  return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
}

/** A server of node:net. */
async function listen(host?: string): Promise<{ server: net.Server; port: number }> {
  const server = net.createServer()
  server.listen(0, host)
  await once(server, 'listening')
  return { server, port: (server.address() as net.AddressInfo).port }
}

describe('a server that cannot listen says why', { timeout: 60_000 }, () => {
  for (const host of ['127.0.0.1', '::1', undefined])
    test(`the port is in use on ${host ?? 'all addresses'}`, async () => {
      const { server, port } = await listen(host)
      const cause = await listenFailure({ endpoint: host ?? '', port })
      assert.equal(cause.code, 'EADDRINUSE')
      assert.deepEqual(
        { ...cause },
        {
          code: 'EADDRINUSE',
          errno: cause.errno,
          syscall: 'listen',
          address: host,
          port,
        },
      )
      server.close()
    })

  test('the port is in use on IPv6 alone', async () => {
    const { server, port } = await listen('::1')
    assert.equal((await listenFailure({ endpoint: '', port })).code, 'EADDRINUSE')
    // Nothing of the other half is left.
    const other = net.createServer().listen(port, '127.0.0.1')
    await once(other, 'listening')
    other.close()
    server.close()
  })

  test('the port is that of another server of the context', async () => {
    await using served = await serveRaw()
    await served.context.overlay({
      s: [{ other: rawServer({ port: served.server.port }) }],
    })
    await assert.rejects(served.context.serve('other', echo), (error: SecureStreamError) => {
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE')
      return true
    })
    const client = await connectTo(served.server)
    assert.equal(await client.echoes('still here'), 'still here')
  })

  test('the port is not for everybody', {
    skip: firstFreePort() <= 1 && 'is for everybody on this system',
  }, async () => {
    assert.equal(await errnoOfAnybody(rawServer({ port: 1 })), 'EACCES')
  })

  for (const [endpoint, code] of [
    ['192.0.2.1', 'EADDRNOTAVAIL'],
    ['2001:db8::1', 'EADDRNOTAVAIL'],
    ['nosuch0', 'ENODEV'],
  ] as const)
    test(`there is no ${endpoint}`, async () => {
      const cause = await listenFailure({ endpoint })
      assert.equal(cause.code, code)
      assert.match(cause.message, new RegExp(endpoint))
    })

  test('the streamtype is not there, or no server, or of a protocol that is not served', async () => {
    const policy = servedPolicy({
      client: { protocol: 'raw', endpoint: '127.0.0.1', port: 9 },
      site: { server: true, protocol: 'ws', port: 0 },
    })
    assert.equal((await failureOf(policy, 'none')).code, 'ERR_SS_UNKNOWN_STREAMTYPE')
    const client = await failureOf(policy, 'client')
    assert.equal(client.code, 'ERR_SS_NOT_SERVER')
    assert.match(client.message, /stream\(\)/)
    assert.equal((await failureOf(policy, 'site')).code, 'ERR_SS_NOT_IMPLEMENTED')
  })

  test('the virtual host is not there', async () => {
    const error = await failureOf(servedPolicy({ served: rawServer({ endpoint: '!house' }) }))
    assert.equal(error.code, 'ERR_SS_NO_VHOST')
    assert.match(error.message, /'house'/)
  })
})

describe('serve()', { timeout: 60_000 }, () => {
  test('says what is wrong with its arguments', async () => {
    await using served = await serveRaw()
    // biome-ignore lint/suspicious/noExplicitAny: called wrongly on purpose
    const loose: any = served.context
    const wrongType = { code: 'ERR_INVALID_ARG_TYPE' }
    const wrongValue = { code: 'ERR_INVALID_ARG_VALUE' }
    for (const [args, expected] of [
      [[], wrongType],
      [['served'], wrongType],
      [['served', 5], wrongType],
      [['served', { connection: 5 }], wrongType],
      [['served', { rx: 5 }], wrongType],
      [['served', { ...echo, signal: 5 }], wrongType],
      [['served', { ...echo, reusePort: 1 }], wrongType],
      [['served', {}], wrongValue],
      [['served', { conection: 5 }], wrongValue],
      [['served', { ...echo, limits: 5 }], wrongType],
      [['served', { ...echo, perMessageDeflate: 1 }], wrongType],
      [['served', { ...echo, limits: { connections: '5' } }], wrongType],
    ] as const)
      assert.throws(() => loose.serve(...args), expected)
  })

  test('is what opens a server, which stream() is not', async () => {
    await using served = await serveRaw()
    assert.throws(() => served.context.stream('served'), {
      code: 'ERR_SS_IS_SERVER',
      message: /use serve\(\)/,
    })
  })
})
