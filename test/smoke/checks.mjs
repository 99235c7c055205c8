// What the smoke tries, each under a name.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { Worker } from 'node:worker_threads'
import { protocols, startPeer } from './peers.mjs'
import { policyFor, roundTrip } from './traffic.mjs'

const REFUSED = {
  stranger: /certificate .*not trusted/,
  expired: /certificate has expired/,
  otherName: /certificate is for another name/,
}

async function withPeer(protocol, identity, use) {
  const peer = await startPeer(protocol, identity)
  try {
    await use(peer.port)
  } finally {
    await peer.close()
  }
}

async function withContext(openContext, options, use) {
  const context = await openContext(options)
  try {
    await use(context)
  } finally {
    await context.close()
  }
}

/** The system's own error is told as Node tells it. */
async function refusesToConnect(openContext) {
  let refusing
  await withPeer('raw', undefined, (port) => {
    refusing = port
  })
  await withContext(openContext, { policy: policyFor('raw', refusing) }, async (context) => {
    const stream = context.stream('it')
    await assert.rejects(stream.connect(), ({ cause }) => {
      const { code, syscall } = cause
      assert.deepEqual({ code, syscall }, { code: 'ECONNREFUSED', syscall: 'connect' })
      return true
    })
    stream.destroy()
  })
}

/** Checks of `openContext`, for which `folder` is the package and `certificates` are the peers'. */
export function checksOf({ openContext, folder, certificates }) {
  const { ca, trusted } = certificates

  const exchange = (protocol, identity) =>
    withPeer(protocol, identity, (port) => {
      const policy = policyFor(protocol, port, identity && ca)
      return withContext(openContext, { policy }, (context) => roundTrip(context, protocol))
    })

  const refusal = (protocol, kind) =>
    withPeer(protocol, certificates[kind], (port) =>
      withContext(openContext, { policy: policyFor(protocol, port, ca) }, async (context) => {
        const stream = context.stream('it')
        await assert.rejects(stream.connect(), (error) => {
          assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
          assert.match(error.message, REFUSED[kind])
          return true
        })
        stream.destroy()
      }),
    )

  const inWorker = (protocol, identity) =>
    withPeer(protocol, identity, async (port) => {
      const policy = policyFor(protocol, port, identity && ca)
      const worker = new Worker(new URL('worker.mjs', import.meta.url), {
        workerData: { folder, protocol, policy },
      })
      const events = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      assert.deepEqual(events, [['exchanged'], [7]])
    })

  const served = (identity) => {
    const site = { server: true, protocol: 'h1', endpoint: '127.0.0.1', port: 0 }
    const secure = identity && { tls: true, server_cert: 'site' }
    const options = {
      policy: { s: [{ site: { ...site, ...secure } }] },
      ...(identity && { blobs: { serverCert: [{ name: 'site', ...identity }] } }),
    }
    return withContext(openContext, options, async (context) => {
      const server = await context.serve('site', {
        transaction: (txn) => txn.ack().end(`asked for ${txn.url}`),
      })
      const client = identity ? https : http
      const at = { host: 'localhost', port: server.port, path: '/smoke', family: 4 }
      const [response] = await once(client.get({ ...at, ca, agent: false }), 'response')
      assert.equal(String(Buffer.concat(await response.toArray())), 'asked for /smoke')
    })
  }

  const checks = {}
  for (const protocol of protocols) {
    checks[protocol] = () => exchange(protocol)
    checks[`${protocol} with TLS`] = () => exchange(protocol, trusted)
    checks[`${protocol}, certificate of a stranger`] = () => refusal(protocol, 'stranger')
    checks[`${protocol} in a worker thread, which exits`] = () => inWorker(protocol)
  }
  checks['a port that refuses'] = () => refusesToConnect(openContext)
  checks['certificate that has expired'] = () => refusal('h1', 'expired')
  checks['certificate for another name'] = () => refusal('h1', 'otherName')
  checks['h1 with TLS in a worker thread, which exits'] = () => inWorker('h1', trusted)
  checks['a server of h1'] = () => served()
  checks['a server of h1 with TLS'] = () => served(trusted)
  return checks
}

/** Leaves a stream of each protocol open, with its peer, and everything as it is: an exit comes next. */
export async function leaveOpen({ openContext }) {
  for (const protocol of protocols) {
    const { port } = await startPeer(protocol)
    const context = await openContext({ policy: policyFor(protocol, port) })
    await context.stream('it').connect()
  }
}
