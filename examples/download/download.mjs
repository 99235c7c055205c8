// Downloads a file, shows how far it is, and goes on where it was when it is interrupted: by a connection
// that is lost, or because the program was ended and is started again.
//
//   node download.mjs PATH FILE [POLICY]
import { createWriteStream } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { DisconnectedError, openContext } from 'lws-secure-streams'

const ATTEMPTS = 10

const [path, file, policyFile = fileURLToPath(new URL('policy.json', import.meta.url))] =
  process.argv.slice(2)
if (!path || !file) {
  console.error('usage: node download.mjs PATH FILE [POLICY]')
  process.exit(2)
}
const part = `${file}.part`
const versionFile = `${file}.version`

/** How much of which version of the file is there. */
async function begun() {
  try {
    const version = await readFile(versionFile, 'utf8')
    const { size } = await stat(part)
    return size > 0 ? { size, version } : undefined
  } catch {
    return undefined
  }
}

/** What says that another answer has the same bytes, if anything does. */
function versionOf(headers) {
  const etag = headers.get('etag')
  return etag && !etag.startsWith('W/') ? etag : headers.get('last-modified')
}

/** Passes the bytes on, and shows how many there are. */
function showing(from, total) {
  let at = from
  let shown = -1
  return async function* (pieces) {
    for await (const piece of pieces) {
      yield piece
      at += piece.length
      const percent = Math.floor((at / total) * 100)
      if (percent !== shown) process.stderr.write(`\r${percent} % of ${total} bytes`)
      shown = percent
    }
  }
}

async function download(context) {
  const old = await begun()
  const metadata = { path, ...(old && { range: `bytes=${old.size}-`, same: old.version }) }
  const reply = await context.request('file', { metadata })
  // Of another version all is sent, with 200.
  const isRest = reply.status === 206
  if (!isRest && reply.status !== 200) throw new Error(`the server answers ${reply.status}`)
  const from = isRest && old ? old.size : 0
  const total = from + Number(reply.headers.get('content-length'))
  const version = versionOf(reply.headers)
  if (version) await writeFile(versionFile, version)
  else await rm(versionFile, { force: true })
  await pipeline(
    reply.body,
    showing(from, total),
    createWriteStream(part, { flags: isRest ? 'a' : 'w' }),
  )
}

const context = await openContext({ policyFile })
try {
  for (let attempt = 1; ; attempt++) {
    try {
      await download(context)
      break
    } catch (error) {
      if (!(error instanceof DisconnectedError) || attempt === ATTEMPTS) throw error
      console.error(`\n${error.message}; going on`)
    }
  }
  await rename(part, file)
  await rm(versionFile, { force: true })
  console.error(`\n${file} is complete`)
} catch (error) {
  console.error(`\n${error.message}`)
  process.exitCode = 1
} finally {
  await context.close()
}
