import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { say } from '../../scripts/console.mjs'
import { readPin } from '../../scripts/lws-source.mjs'
import { cachedTarball } from '../../scripts/lws-tarball.mjs'
import { inRoot } from '../../scripts/paths.mjs'
import { run } from '../../scripts/processes.mjs'
import { hasStamp, writeStamp } from '../../scripts/stamp.mjs'
import { startServer } from './process.mjs'

const EXAMPLE = 'minimal-examples/ws-server/minimal-ws-server-echo'
const folder = inRoot('build', 'bench', 'ws-echo')
const program = path.join(folder, 'build', 'minimal-ws-server-echo')

// The example with the stock library, without TLS: it is a yardstick, not ours to improve.
async function build() {
  const pin = readPin()
  const stamp = path.join(folder, 'stamp')
  if (existsSync(program) && hasStamp(stamp, pin.sha256)) return
  say("building the C WebSocket echo server of libwebsockets' examples: half a minute")
  mkdirSync(folder, { recursive: true })
  const tarball = await cachedTarball(pin)
  const source = path.join(folder, 'source')
  mkdirSync(source, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', source, '--strip-components=1'])
  const lws = path.join(folder, 'lws')
  const options = [
    '-DLWS_WITH_SSL=OFF',
    '-DLWS_WITHOUT_TESTAPPS=ON',
    '-DLWS_WITH_SHARED=OFF',
    '-DCMAKE_BUILD_TYPE=Release',
    '-DDISABLE_WERROR=ON',
    '-DLWS_WITH_MINIMAL_EXAMPLES=OFF',
  ]
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] }
  run('cmake', ['-S', source, '-B', lws, ...options], quiet)
  run('cmake', ['--build', lws, '--parallel', '2', '--target', 'websockets'], quiet)
  mkdirSync(path.dirname(program), { recursive: true })
  const c = [
    `${source}/${EXAMPLE}/minimal-ws-server-echo.c`,
    '-O2',
    '-DNDEBUG',
    '-o',
    program,
    `-I${source}/include`,
    `-I${lws}/include`,
    `${lws}/lib/libwebsockets.a`,
    '-lm',
    '-lpthread',
  ]
  run('cc', c, quiet)
  writeStamp(stamp, pin.sha256)
}

/** The WebSocket echo server of libwebsockets' own examples, in C. */
export async function startWsEcho(core) {
  await build()
  return startServer(core, (port) => [program, '-p', String(port), '-n', '-d', '0'])
}
