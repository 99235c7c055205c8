// What each server of `npm run test:servers` is put through.

import { createHash } from 'node:crypto'
import { type Context, SecureStreamError } from 'lws-secure-streams'
import type { RunningServer } from './server.js'

/** What a scenario has at hand. `request()` names one of the streamtypes `small`, `big` and `upload`. */
export interface Scene {
  context: Context
  /** The same requests, with a `retry`. */
  patient: Context
  big: Buffer
  server: RunningServer
  /** Ends the server as it likes to be ended, and waits until it has. */
  stopGracefully(): Promise<void>
  /** Ends it at once, and starts it again on the same port. */
  restart(): Promise<void>
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const LONGEST_WAIT = 60_000

const inWords = (error: unknown) =>
  error instanceof SecureStreamError ? `${error.code} ${error.message}` : String(error)

/** What came of each promise, in few words: `200 ×20`. A promise that stays pending is named so. */
async function outcomes(promises: Promise<string>[]): Promise<string> {
  const pending = new Promise<string>((resolve) =>
    setTimeout(() => resolve('PENDING'), LONGEST_WAIT).unref(),
  )
  const counts = new Map<string, number>()
  const all = promises.map((promise) => Promise.race([promise.catch(inWords), pending]))
  for (const outcome of await Promise.all(all)) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  return Array.from(counts, ([outcome, count]) => `${outcome} ×${count}`).join(', ')
}

async function get(context: Context, name = 'small'): Promise<string> {
  const reply = await context.request(name)
  const { length } = await reply.bytes()
  return reply.acked ? `${length} bytes` : `${reply.state}`
}

const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make)

/** Each says what came of it; the numbers in the names are what is expected. */
export const scenarios: Record<string, (scene: Scene) => Promise<string>> = {
  one: ({ context }) => outcomes([get(context)]),

  '200 in a row': async ({ context }) => {
    const seen: Promise<string>[] = []
    for (let n = 0; n < 200; n++) {
      const reply = get(context)
      seen.push(reply)
      await reply.catch(() => {})
    }
    return outcomes(seen)
  },

  '200 at once': ({ context }) => outcomes(times(200, () => get(context))),

  'upload of 8 MiB': async ({ context, big }) => {
    const upload = async () => {
      const reply = await context.request('upload', { body: big })
      await reply.bytes()
      return reply.acked ? 'accepted' : 'refused'
    }
    return outcomes(times(5, upload))
  },

  'slow download of 8 MiB': ({ context, big }) =>
    outcomes([
      (async () => {
        const pieces: Buffer[] = []
        let pauses = 0
        for await (const piece of (await context.request('big')).body) {
          pieces.push(piece)
          if (pieces.length % 64 === 0 && pauses++ < 10)
            await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return hash(Buffer.concat(pieces)) === hash(big) ? 'whole' : 'OTHER BYTES'
      })(),
    ]),

  'after a pause': async ({ context }) => {
    const first = await outcomes([get(context)])
    await new Promise((resolve) => setTimeout(resolve, 6000))
    return `${first}, ${await outcomes([get(context)])}`
  },

  restart: async ({ patient, restart }) => {
    const first = await outcomes([get(patient)])
    await restart()
    return `${first}, ${await outcomes([get(patient)])}`
  },

  'graceful stop amid 20 downloads': async ({ context, stopGracefully }) => {
    const begun = await Promise.allSettled(times(20, () => context.request('big')))
    const rest = begun.map(async (result) => {
      if (result.status === 'rejected') throw result.reason
      return `${(await result.value.bytes()).length} bytes`
    })
    const stopped = stopGracefully()
    const seen = await outcomes(rest)
    await stopped
    return seen
  },
}

/** Settles when the server has ended, or has had the time to. */
export async function untilEnded(server: RunningServer): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!server.ended && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50))
}
