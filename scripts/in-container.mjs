// Runs a command in this folder in a container of another system:
//
//   node scripts/in-container.mjs alpine-20 npm run test:portable
//
// Jobs of a workflow cannot be in a container of Alpine on arm64; their steps can.
import path from 'node:path'
import { main, Stop } from './console.mjs'
import { root } from './paths.mjs'
import { run } from './processes.mjs'

const ALPINE = 'apk add --no-cache build-base cmake linux-headers openssl patch tar > /dev/null; '
const alpine = (version) => ({ image: `node:${version}-alpine`, prepare: ALPINE })

const CONTAINERS = {
  'alpine-20': alpine(20),
  'alpine-26': alpine(26),
  // The compiler that the kept counts of instructions are of.
  'debian-12': {
    image: 'node:20-bookworm',
    prepare: 'node scripts/install-tools.mjs > /dev/null; ',
  },
  // The oldest glibc that is supported. Its own Node is another one.
  'almalinux-8': { image: 'almalinux:8', prepare: '', bringsNode: false },
}

await main(() => {
  const [name, ...command] = process.argv.slice(2)
  const container = Object.hasOwn(CONTAINERS, name ?? '') ? CONTAINERS[name] : undefined
  if (!container || command.length === 0) {
    throw new Stop(`usage: in-container.mjs ${Object.keys(CONTAINERS).join('|')} COMMAND…`)
  }
  const { image, prepare, bringsNode = true } = container
  const node = path.resolve(path.dirname(process.execPath), '..')
  const folders = bringsNode ? [root] : [root, node]
  const mounts = folders.flatMap((folder) => ['--volume', `${folder}:${folder}`])
  const shell = `${bringsNode ? '' : `PATH=${node}/bin:$PATH; `}${prepare}exec "$@"`
  const first = ['run', '--rm', '--env', 'CI', ...mounts, '--workdir', root, image]
  run('docker', [...first, 'sh', '-e', '-c', shell, 'sh', ...command], {
    name: `${command.join(' ')} in ${image}`,
  })
})
