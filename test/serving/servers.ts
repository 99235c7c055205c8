/** Servers of ours, and the sockets that tests connect to them. */
import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { promisify } from 'node:util'
import {
  type Context,
  openContext,
  type PolicyInput,
  type ServeOptions,
  type Server,
} from 'lws-secure-streams'
import type { TlsIdentity } from '../peers/index.js'
import { TestClient } from './test-client.js'

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

/** A raw server on a free port of 127.0.0.1, unless `more` says something else. */
export const rawServer = (more: Streamtype = {}): Streamtype => ({
  server: true,
  protocol: 'raw',
  endpoint: '127.0.0.1',
  port: 0,
  ...more,
})

/** A policy of these streamtypes. */
export const servedPolicy = (s: Record<string, Streamtype>): PolicyInput => ({
  s: Object.entries(s).map(([name, definition]) => ({ [name]: definition })),
})

/** Sends back what comes. */
export const echo: ServeOptions = {
  connection(stream) {
    stream.on('message', ({ data }) => {
      stream.send(data).catch(() => {})
    })
  },
}

/** A certificate and its key, as DER. */
export const derOf = ({ cert, key }: TlsIdentity) => ({
  cert: new X509Certificate(cert).raw,
  key: createPrivateKey(key).export({ format: 'der', type: 'pkcs8' }),
})

/** A context with one server, `served`. */
export async function serveRaw(
  options: ServeOptions = echo,
  more: Streamtype = {},
): Promise<{ context: Context; server: Server } & AsyncDisposable> {
  const context = await openContext({ policy: servedPolicy({ served: rawServer(more) }) })
  const server = await context.serve('served', options)
  return {
    context,
    server,
    async [Symbol.asyncDispose]() {
      context.destroy()
      await context.close()
    },
  }
}

/** A server of h1, likewise. */
export const httpServer = (more: Streamtype = {}): Streamtype => ({
  ...rawServer(),
  protocol: 'h1',
  metadata: [{ method: '' }, { path: '' }, { query: '' }, { mime: 'content-type:' }],
  ...more,
})

/** A context with one server of h1, and its URL. */
export async function serveHttp(
  options: ServeOptions,
  more: Streamtype = {},
): Promise<{ context: Context; server: Server; url: string } & AsyncDisposable> {
  const site = await serveRaw(options, httpServer(more))
  return { ...site, url: `http://127.0.0.1:${site.server.port}` }
}

const SERVE_ONCE = `
import { openContext } from 'lws-secure-streams'
const context = await openContext({ policy: JSON.parse(process.argv[1]) })
await context.serve('served', { connection() {} }).catch(({ cause }) => console.log(cause.code))
context.destroy()
`

const NOBODY = 65_534

/** Node's code of why somebody without privileges cannot serve this. */
export async function errnoOfAnybody(definition: Streamtype): Promise<string> {
  const policy = JSON.stringify(servedPolicy({ served: definition }))
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', SERVE_ONCE, policy],
    user,
  )
  return stdout.trim()
}

/** A socket of node:net that is connected. */
export async function connectTo(
  { port, address }: Pick<Server, 'port' | 'address'>,
  options: Partial<net.TcpNetConnectOpts> = {},
): Promise<TestClient> {
  const host = address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address
  const socket = net.connect(port === 0 ? { path: address } : { host, port, ...options })
  await once(socket, 'connect')
  return new TestClient(socket)
}
