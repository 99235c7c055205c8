// The command `lws-ss serve`.
import { once } from 'node:events'
import { openContext } from '../context/open-context.js'
import type { ServeOptions } from '../serving/serve-options.js'
import type { Server } from '../serving/server.js'
import type { Transaction } from '../serving/transaction.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { Kind } from '../streamtypes/kind.js'
import { CommandError } from './command-error.mjs'
import { ExitStatus } from './exit-status.mjs'
import { readPolicy } from './read-policy.mjs'
import { FileServer } from './serve/file-server.mjs'
import { PublicFolder } from './serve/public-folder.mjs'
import { tellPolicyError } from './tell-policy-error.mjs'

/** What the arguments of `lws-ss serve` say. */
export interface ServeCommandOptions {
  readonly directory?: string
  readonly port?: number
  readonly verbose?: boolean
}

/** @param who - the address of a client, which nobody knows any more when that has left */
type Tell = (who: string | undefined, what: string) => void

// A client may leave at any time, and another stays.
async function echo(stream: SecureStream, tell: Tell): Promise<void> {
  const who = stream.remoteAddress
  tell(who, 'connected')
  try {
    for await (const { data, binary } of stream)
      await stream.send(data, binary === undefined ? {} : { binary })
  } catch {}
  tell(who, 'gone')
}

async function transact(transaction: Transaction, files: FileServer, tell: Tell): Promise<void> {
  const { method, url, remoteAddress } = transaction
  try {
    const { status, bytes } = await files.answer(transaction)
    tell(remoteAddress, `${method} ${url} ${status} ${bytes}`)
  } catch (error) {
    tell(remoteAddress, `${method} ${url}: ${(error as Error).message}`)
    if (transaction.canFail) transaction.nack(undefined, { status: 500 }).end()
    else transaction.stream.destroy()
  }
}

function optionsFor(kind: Kind, files: FileServer, tell: Tell): ServeOptions {
  if (!kind.isTransactional) return { connection: (stream) => echo(stream, tell) }
  return {
    transaction: (transaction) => transact(transaction, files, tell),
    ...(kind.takesUpgrades && { upgrade: (stream) => echo(stream, tell) }),
  }
}

function addressOf({ address, port }: Server, kind: Kind): string {
  if (kind.place.path !== undefined) return address
  const isEverywhere = address === '::' || address === '0.0.0.0'
  const host = isEverywhere ? 'localhost' : address.includes(':') ? `[${address}]` : address
  if (!kind.isTransactional) return `${host}:${port}`
  return `${kind.isSecure ? 'https' : 'http'}://${host}:${port}/`
}

/**
 * `lws-ss serve`: files on h1, and echoes on ws and raw, until Ctrl-C.
 *
 * @throws CommandError, SecureStreamError, when it cannot begin
 */
export async function serve(
  policy: string,
  streamtype: string,
  { directory, port, verbose = false }: ServeCommandOptions,
): Promise<void> {
  const context = await openContext({ policy: readPolicy(policy) }).catch((error) =>
    tellPolicyError(error, policy),
  )
  try {
    const kind = context.kindOf(streamtype)
    if (kind.role !== 'server')
      throw new CommandError(
        `'${streamtype}' is a client in the policy: lws-ss run runs it`,
        ExitStatus.Misused,
      )
    if (port !== undefined) await context.overlay({ s: [{ [streamtype]: { port } }] })
    if (directory !== undefined && !kind.isTransactional)
      throw new CommandError(
        `'${streamtype}' is ${kind.protocol}, which has no files: --directory has no meaning`,
        ExitStatus.Misused,
      )
    const folder = directory === undefined ? undefined : await PublicFolder.open(directory)
    const tell: Tell = (who = 'a client', what) => {
      if (verbose) console.error(`${who} ${what}`)
    }
    const server = await context.serve(streamtype, optionsFor(kind, new FileServer(folder), tell))
    console.log(addressOf(server, kind))
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), server.over])
    await server.close()
  } finally {
    await context.close()
  }
}
