// The servers of this library.

import { openContext } from 'lws-secure-streams'

const body = Buffer.alloc(1024, 'x')

const answers = {
  metadata: [{ mime: 'content-type:' }],
  transaction: (txn) => txn.ack({ mime: 'text/plain' }).end(body),
}

/** What the policy says of each protocol, and what is done with clients. */
const protocols = {
  raw: {
    streamtype: { protocol: 'raw' },
    callbacks: () => ({
      connection: (stream) => stream.on('message', ({ data }) => stream.send(data)),
    }),
  },
  h1: {
    streamtype: { protocol: 'h1', metadata: answers.metadata },
    callbacks: () => ({ transaction: answers.transaction }),
  },
  h2: {
    streamtype: { protocol: 'h2', metadata: answers.metadata },
    callbacks: () => ({ transaction: answers.transaction }),
  },
  ws: {
    streamtype: { protocol: 'h1', ws_subprotocol: 'bench', ws_binary: true },
    callbacks: () => ({
      upgrade: (stream) => stream.on('message', ({ data }) => stream.send(data)),
    }),
  },
  'ws-broadcast': {
    streamtype: { protocol: 'h1', ws_subprotocol: 'bench', ws_binary: true },
    callbacks: (server) => ({
      upgrade: (stream) => stream.on('message', ({ data }) => server().broadcast(data)),
    }),
  },
}

/** Serves, and gives the port. */
export async function serve(protocol, { cert, key }) {
  const { streamtype, callbacks } = protocols[protocol]
  const tls = cert && { tls: true, server_cert: 'shown' }
  const bench = { server: true, endpoint: '127.0.0.1', port: 0, ...streamtype, ...tls }
  const policy = { s: [{ bench }] }
  const blobs = { serverCert: cert ? [{ name: 'shown', cert, key }] : [] }
  const context = await openContext({ policy, blobs })
  const server = await context.serve(
    'bench',
    callbacks(() => server),
  )
  return server.port
}
