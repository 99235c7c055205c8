// Lengths beyond 4 GiB. Clients that kept a length in 32 bits saw an upload of 2^32 bytes as one of none, and a
// download of 2^32 + 5 as complete after five (Kong/insomnia #464, flutter_downloader #370, xrootd #156,
// irods-rest #66, where it was the server).

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  DATA,
  END_HEADERS,
  frame,
  HEADERS,
  startFrames,
  startRaw,
  startSessions,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const lengths = [2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 33, 5 * 2 ** 40]
const HELLO = 'hello'

const open = (protocol: 'h1' | 'h2', peer: { port: number }, more = {}) =>
  openContext({ policy: policyOf({ it: streamtype(protocol, peer, more) }) })

/** Says that `length` bytes follow, sends five, and then what `go` has it do. */
const downloads = {
  async h1(length: number, go: (socket: Socket) => void) {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${HELLO}`
    return startRaw({
      accept: (socket) => socket.once('data', () => socket.write(head, () => go(socket))),
    })
  },
  async h2(length: number, go: (socket: Socket) => void) {
    const text = `${length}`
    const headers = Buffer.concat([Buffer.of(0x88, 0x0f, 0x0d, text.length), Buffer.from(text)])
    return startFrames((socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, headers))
      socket.write(frame(DATA, 0, stream, Buffer.from(HELLO)), () => go(socket))
    })
  },
}

/** Calls `enough` when more has come than the first piece. */
const uploads = {
  async h1(enough: () => void) {
    let received = ''
    const peer = await startRaw({
      accept: (socket) =>
        socket.on('data', (bytes) => {
          received += bytes.toString('latin1')
          if (received.length > 200_000) enough()
        }),
    })
    return { peer, announced: () => /^content-length: (\d+)\r$/im.exec(received)?.[1] }
  },
  async h2(enough: () => void) {
    let announced: string | undefined
    let received = 0
    const peer = await startSessions((stream) =>
      stream.on('data', (bytes) => {
        received += bytes.length
        if (received > 200_000) enough()
      }),
    )
    peer.onSession = (session) =>
      session.on('stream', (_, headers) => {
        announced = headers['content-length']
      })
    return { peer, announced: () => announced }
  },
}

for (const protocol of ['h1', 'h2'] as const)
  describe(`a length on ${protocol}`, { timeout: 60_000 }, () => {
    for (const length of lengths) {
      test(`of a download: ${length} are not complete after five`, async () => {
        let onSent = (_socket: Socket) => {}
        const sent = new Promise<Socket>((resolve) => {
          onSent = resolve
        })
        await using peer = await downloads[protocol](length, (socket) => onSent(socket))
        await using context = await open(protocol, peer, { http_method: 'GET' })
        const reply = await context.request('it')
        assert.equal(reply.headers.get('content-length'), `${length}`)
        const pieces = reply.body[Symbol.asyncIterator]()
        assert.equal(String((await pieces.next()).value), HELLO)
        const rest = pieces.next()
        ;(await sent).end()
        await assert.rejects(rest, { code: 'ERR_SS_DISCONNECTED' })
      })

      test(`of an upload: ${length} are announced, and are not complete early`, async () => {
        const abort = new AbortController()
        const upload = await uploads[protocol](() => abort.abort(new Error('enough')))
        await using peer = upload.peer
        const slice = (from: number, to: number) => ({
          arrayBuffer: async () => new ArrayBuffer(to - from),
        })
        const body = { size: length, slice }
        await using context = await open(protocol, peer)
        await assert.rejects(context.request('it', { body, signal: abort.signal }), /enough/)
        assert.equal(upload.announced(), `${length}`)
      })
    }
  })
