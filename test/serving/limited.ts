/** Servers with limits, and what clients say to them and hear. */
import assert from 'node:assert/strict'
import { EventEmitter, on, once } from 'node:events'
import type net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { ServerLimits, Transaction } from 'lws-secure-streams'
import { connectTo, serveHttp } from './servers.js'

export const CRLF = '\r\n'
export const lines = (...all: string[]) => all.map((line) => line + CRLF).join('')
export const last = lines('GET /last HTTP/1.1', 'Host: a', 'Connection: close', '')
export const post = (body: string, ...fields: string[]) =>
  lines('POST / HTTP/1.1', 'Host: a', ...fields, '') + body
export const chunked = (body: string) => post(body, 'Transfer-Encoding: chunked')

export const statuses = (response: string) =>
  [...response.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))

export async function lengthOf({ body }: Transaction): Promise<number> {
  let length = 0
  for await (const data of body) length += data.length
  return length
}

/** Says how long a body was, and keeps what was asked for, and why bodies did not come. */
export async function counting(limits: ServerLimits) {
  const asked: string[] = []
  const failures = new EventEmitter()
  /** Settles when that many bodies did not come, since their connection ended. */
  const failed = async (count: number) => {
    for await (const [code] of on(failures, 'failure')) {
      assert.equal(code, 'ERR_SS_DISCONNECTED')
      if (--count === 0) return
    }
  }
  const site = await serveHttp({
    limits,
    async transaction(txn) {
      asked.push(txn.url)
      try {
        await txn.ack().end(`${await lengthOf(txn)}`)
      } catch (error) {
        failures.emit('failure', (error as { code: string }).code)
      }
    },
  })
  return { ...site, port: site.server.port, asked, failed }
}

export async function connectedTo(port: number) {
  const client = await connectTo({ port, address: '127.0.0.1' })
  return {
    socket: client.socket,
    closed: client.closed,
    text: () => client.text,
    async receives(text: string) {
      while (!client.text.includes(text)) await once(client.socket, 'data')
    },
  }
}

/** Sends `text` byte by byte, one in so many milliseconds, until the connection is closed. */
export async function trickle(socket: net.Socket, text: string, ms: number): Promise<void> {
  for (const byte of text) {
    if (!socket.writable) return
    socket.write(byte)
    await wait(ms)
  }
}

/** Settles when it is closed, whether with an error or not. */
export const closed = (socket: net.Socket) =>
  new Promise((resolve) => socket.once('close', resolve))

export async function timed<T>(work: Promise<T>): Promise<[result: T, ms: number]> {
  const begun = performance.now()
  return [await work, performance.now() - begun]
}

export const about = (ms: number, limit: number) =>
  assert.ok(ms > limit / 2 && ms < limit + 5000, `${ms} ms, and not ${limit}`)
