/** A server of h1 through the addon, which says what it was asked for. */
import { once } from 'node:events'
import net from 'node:net'
import type { NativeKind, NativeStream } from '../../dist/addon/native.js'
import type { StreamEventTarget } from '../../dist/addon/targets.js'
import { internal } from './internals.js'
import { openNativeContext } from './native-streams.js'

const { native } = internal<typeof import('../../dist/addon/native.js')>('addon/native.js')

const kind: NativeKind = { exchange: 'responses', canSend: true, nailedUp: false, qos: 0 }
const ignore = () => {}

const policy = JSON.stringify({
  release: '01234567',
  product: 'serving',
  'schema-version': 1,
  s: [
    {
      site: {
        server: true,
        endpoint: '127.0.0.1',
        port: 0,
        protocol: 'h1',
        metadata: [{ method: '' }, { path: '' }, { query: '' }, { mime: 'content-type:' }],
      },
    },
  ],
})

/** A request, as a server has it. */
export interface ServedRequest {
  /** The method, the target, and a line for each header. */
  readonly head: string
  readonly hasBody: boolean
  readonly body: Buffer[]
  trailers: string
  /** Whether all of it has come. */
  complete: boolean
  readonly stream: NativeStream
}

/** One connection of it. */
class Served implements StreamEventTarget {
  readonly stream: NativeStream
  readonly life: StreamEventTarget['life']
  readonly receiving: StreamEventTarget['receiving']
  readonly sending = {
    sent: ignore,
    acknowledged: ignore,
    refused: ignore,
    dropped: ignore,
    wanted: ignore,
  }
  #request: ServedRequest | undefined

  constructor(stream: NativeStream, serve: (request: ServedRequest) => void) {
    this.stream = stream
    const tell = () => {
      if (this.#request?.complete) serve(this.#request)
    }
    this.life = {
      state: (state) => state === 'SERVER_TXN' && tell(),
      failed: ignore,
      retries: ignore,
      answerBegins: (head, hasBody) => {
        this.#request = {
          head,
          hasBody: hasBody === 1,
          body: [],
          trailers: '',
          complete: hasBody === 0,
          stream,
        }
      },
      answerTrails: (fields) => {
        if (this.#request) this.#request.trailers = fields
      },
    }
    this.receiving = {
      received: (data, { eom }) => {
        this.#request?.body.push(Buffer.from(data))
        if (this.#request && eom) this.#request.complete = true
        if (eom) tell()
      },
      performance: ignore,
      published: ignore,
      ended: ignore,
    }
  }
}

/** Answers with `bytes`, and their length. */
export function answer({ stream }: ServedRequest, bytes: string, status = 200, fields = ''): void {
  const body = Buffer.from(bytes)
  stream.respond(status, fields, body.length)
  stream.send(body, 1)
  stream.endResponse()
}

/** Serves; gives the port. */
export function serveNative(serve: (request: ServedRequest) => void): number {
  const context = openNativeContext(policy)
  const { Stream } = native()
  const newStream = () => new Stream(context, 'site', kind, [])
  const listener = newStream()
  listener.open({ state: ignore, rx: ignore, tx: () => undefined }, () => {
    const stream = newStream()
    stream.events = new Served(stream, serve)
    return [stream]
  })
  return listener.listenPort()
}

/** What a server says to these bytes, up to the end of the connection. */
export async function exchange(port: number, ...pieces: (string | Buffer)[]): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' })
  const got: Buffer[] = []
  socket.on('data', (data: Buffer) => got.push(data))
  await once(socket, 'connect')
  for (const piece of pieces) {
    if (!socket.writable) break
    // Each is read by itself.
    await new Promise((resolve) => socket.write(piece, 'latin1', resolve))
    await new Promise(setImmediate)
  }
  await once(socket, 'close')
  return Buffer.concat(got).toString('latin1')
}
