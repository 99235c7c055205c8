// Finds the release archive of libwebsockets, and verifies it.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Stop, say } from './console.mjs'
import { fetchFromDebian } from './lws-tarball-debian.mjs'
import { cacheFolder } from './paths.mjs'

async function sha256(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

const upstreamUrl = (pin) =>
  `https://github.com/warmcat/libwebsockets/archive/refs/tags/v${pin.version}.tar.gz`

/** Returns undefined when the archive is at `destination`, else the reason why not. */
async function fetchFromUpstream(pin, destination) {
  say(`fetching libwebsockets ${pin.version} (15 MB): the upstream release archive`)
  try {
    const response = await fetch(upstreamUrl(pin), { signal: AbortSignal.timeout(120_000) })
    if (!response.ok) return `HTTP status ${response.status}`
    writeFileSync(destination, Buffer.from(await response.arrayBuffer()))
    return undefined
  } catch (error) {
    const proxied = process.env.HTTPS_PROXY || process.env.https_proxy
    const hint = proxied ? '; HTTPS_PROXY is set, which this Node may not use' : ''
    return `${error.cause?.code ?? error.cause?.message ?? error.message}${hint}`
  }
}

/** The tarball that LWS_SOURCE names, once its hash is right. */
export async function givenTarball(file, pin) {
  const actual = await sha256(file)
  if (actual === pin.sha256) return file
  throw new Stop(
    `LWS_SOURCE=${file} is not libwebsockets ${pin.version}: its SHA-256 is ${actual}, not ${pin.sha256}`,
  )
}

/** The verified tarball in the user's cache, fetched when it is not there yet. */
export async function cachedTarball(pin) {
  const file = path.join(cacheFolder, `libwebsockets-${pin.version}.tar.gz`)
  if (existsSync(file)) {
    if ((await sha256(file)) === pin.sha256) return file
    say(`${file} has a wrong hash and is fetched again`)
    rmSync(file)
  }

  mkdirSync(cacheFolder, { recursive: true })
  const partial = `${file}.${process.pid}.partial`
  const routes = [
    ["Debian's source package", fetchFromDebian],
    ['the upstream release archive', fetchFromUpstream],
  ]
  const failures = []
  try {
    for (const [name, fetchFrom] of routes) {
      const reason = await fetchFrom(pin, partial)
      if (reason === undefined) {
        const actual = await sha256(partial)
        if (actual === pin.sha256) {
          renameSync(partial, file)
          return file
        }
        failures.push([name, `its SHA-256 is ${actual}, not ${pin.sha256}`])
      } else {
        failures.push([name, reason])
      }
      rmSync(partial, { force: true })
    }
  } finally {
    rmSync(partial, { force: true })
  }
  throw new Stop(
    `no source of libwebsockets ${pin.version}. Four routes: LWS_SOURCE=<directory or tarball> (not set); ` +
      `${file} (not there); ${failures.map(([name, reason]) => `${name} (${reason})`).join('; ')}`,
  )
}
