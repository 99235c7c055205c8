// Makes a fresh clone ready to run: whatever is missing or out of date is installed or built.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildLib } from './build-lib.mjs'
import { addonFile, buildNative } from './build-native.mjs'
import { main, Stop } from './console.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { withBuildLock } from './lock.mjs'
import { ensurePeers } from './peers.mjs'
import { BUILD_TOOLS, requireTools, SOURCE_TOOLS } from './prerequisites.mjs'

const OLDEST_NODE = 20

await main(async () => {
  const { values } = parseArgs({ options: { peers: { type: 'boolean' } } })
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    throw new Stop(`Node ${OLDEST_NODE} or later is needed, this is ${process.version}`)
  }
  // Said before anything is downloaded, so that nobody waits only to be told.
  if (!existsSync(addonFile())) requireTools([...BUILD_TOOLS, ...SOURCE_TOOLS])
  if (values.peers) ensurePeers()
  await withBuildLock(async () => {
    ensureDependencies()
    await buildNative()
    buildLib()
  })
})
