/** Runs the whiteboard of examples/, for tests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { PolicyInput } from 'lws-secure-streams'
import type { TlsIdentity } from '../peers/index.js'
import { derOf } from '../serving/servers.js'

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

/** Its policy, on a free port of 127.0.0.1. */
export const whiteboardPolicy = (more: Streamtype = {}): PolicyInput => ({
  s: [
    {
      whiteboard: {
        server: true,
        protocol: 'h1',
        endpoint: '127.0.0.1',
        port: 0,
        ws_subprotocol: 'whiteboard',
        metadata: [{ path: '' }, { mime: 'content-type:' }],
        ...more,
      },
    },
  ],
})

/** Likewise, with TLS. */
export function whiteboardPolicyWithTls(
  identity: TlsIdentity,
  protocol: 'h1' | 'h2' = 'h1',
): PolicyInput {
  const { cert, key } = derOf(identity)
  return {
    certs: [{ board: cert.toString('base64') }, { secret: key.toString('base64') }],
    ...whiteboardPolicy({ protocol, tls: true, server_cert: 'board', server_key: 'secret' }),
  }
}

/** The process of the example, when it listens. */
export async function startWhiteboard(policyFile: string) {
  const child = spawn(process.execPath, ['examples/whiteboard/server.mjs', policyFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    const [url] = /https?:\S+/.exec(line) ?? []
    if (url === undefined) continue
    return {
      url,
      /** Ends it as Ctrl-C does, and has its status. */
      async end(): Promise<number | null> {
        child.kill('SIGINT')
        return (await ended)[0]
      },
    }
  }
  throw new Error('the whiteboard did not listen')
}
