// Packs what a release publishes, from prebuilds that were made elsewhere and lie in prebuilds/:
// `npm run pack:collected`. Stops when one is missing, too many or not fit, and prints the tarball's path.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { buildLib } from './build-lib.mjs'
import { main, Stop } from './console.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { ensureLwsSource } from './lws-source.mjs'
import { pack } from './pack.mjs'
import { inRoot } from './paths.mjs'
import { checkPrebuild } from './prebuild/checks.mjs'
import { prebuildFile, TARGETS } from './prebuild/targets.mjs'

function checkCollected() {
  const folder = inRoot('prebuilds')
  const nameOf = (file) => path.relative(folder, file).replaceAll(path.sep, '/')
  const wanted = Object.values(TARGETS).map(prebuildFile)
  const missing = wanted.filter((file) => !existsSync(file))
  if (missing.length > 0) throw new Stop(`prebuilds/ lacks ${missing.map(nameOf).join(', ')}`)

  const strange = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.node'))
    .map((name) => path.join(folder, name))
    .filter((file) => !wanted.includes(file))
  if (strange.length > 0) throw new Stop(`prebuilds/ has ${strange.map(nameOf).join(', ')} besides`)

  for (const [name, target] of Object.entries(TARGETS))
    checkPrebuild(name, target, prebuildFile(target))
}

await main(async () => {
  checkCollected()
  ensureDependencies()
  await ensureLwsSource()
  buildLib()
  console.log(pack())
})
