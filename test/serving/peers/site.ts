/** A server with a bit of everything, for clients that others wrote. */
import { createHash } from 'node:crypto'
import type { SecureStream, ServeOptions, Transaction } from 'lws-secure-streams'
import { serveHttp } from '../servers.js'

/** What `/big` sends, as long as it is asked for. */
export const bigBody = (length: number): Buffer => Buffer.alloc(length, '0123456789abcdef')

const PIECE = bigBody(160_000)

async function sendBig(txn: Transaction, length: number): Promise<void> {
  txn.ack()
  for (let left = length; left > 0; left -= PIECE.length) await txn.write(PIECE.subarray(0, left))
  await txn.end()
}

/** The length of what came, and its digest. */
async function digest(txn: Transaction): Promise<string> {
  const hash = createHash('sha256')
  let length = 0
  for await (const piece of txn.body) {
    hash.update(piece)
    length += piece.length
  }
  return `${txn.method} ${length} ${hash.digest('hex')}`
}

async function answer(txn: Transaction): Promise<void> {
  const { pathname, searchParams } = new URL(txn.url, 'http://a')
  switch (pathname) {
    case '/':
      return txn.ack().end(`hello ${searchParams.get('n') ?? ''}`)
    case '/digest':
      return txn.ack().end(await digest(txn))
    case '/echo': {
      const type = txn.headers.get('content-type') ?? 'text/plain'
      txn.ack(undefined, { headers: { 'content-type': type } })
      for await (const piece of txn.body) await txn.write(piece)
      return txn.end()
    }
    case '/big':
      return sendBig(txn, Number(searchParams.get('length')))
    case '/refuse':
      return txn.nack(undefined, { status: 413 }).end('too much')
    case '/moved':
      return txn.nack(undefined, { status: 302, headers: { location: '/?n=moved' } }).end()
    case '/again':
      return txn.nack(undefined, { status: 307, headers: { location: '/digest' } }).end()
    case '/login': {
      const headers: [string, string][] = ['a=1; Path=/', 'b=2; Path=/; HttpOnly'].map((cookie) => [
        'set-cookie',
        cookie,
      ])
      return txn.ack(undefined, { headers }).end()
    }
    case '/cookies':
      return txn.ack().end(txn.headers.get('cookie') ?? 'none')
    case '/nothing':
      return txn.ack(undefined, { status: 204 }).end()
    default:
      return txn.nack().end()
  }
}

async function echo(stream: SecureStream): Promise<void> {
  for await (const { data, binary } of stream) await stream.send(data, { binary: binary === true })
}

const options: ServeOptions = { transaction: answer, upgrade: echo }

/** Serves it, with ws beside it. */
export const serveSite = () => serveHttp(options, { ws_subprotocol: 'chat' })
