// Starts the servers of the system one after the other, and says of each what the client met with.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority } from '../peers/index.js'
import { findProgram, freePort } from '../peers/program.js'
import { type Scene, scenarios, untilEnded } from './scenarios.js'
import { type Mode, RunningServer, type Server, type Site } from './server.js'
import { servers } from './servers.js'

const wanted = process.argv.slice(2)
const authority = await CertificateAuthority.create()
const identity = await authority.issue({ names: ['localhost'] })
const small = randomBytes(1024)
const big = randomBytes(8 * 1024 * 1024)

function makeSite(server: Server, mode: Mode, port: number, backend: number): Site {
  const folder = mkdtempSync(path.join(os.tmpdir(), `${server.name}-`))
  const site: Site = {
    folder,
    port,
    mode,
    backend,
    tls: mode.endsWith('tls'),
    h2: mode.startsWith('h2'),
  }
  const files: Record<string, string | Buffer> = {
    small,
    big,
    'cert.pem': identity.cert,
    'key.pem': identity.key,
    'both.pem': `${identity.key}\n${identity.cert}\n`,
    ...server.files?.(site),
  }
  mkdirSync(path.join(folder, 'varnish'))
  for (const [name, content] of Object.entries(files))
    writeFileSync(path.join(folder, name), content, { mode: 0o644 })
  // Some of them do not go on as root.
  execFileSync('chmod', ['777', folder])
  return site
}

function policyFor({ mode, port }: Site, retry: boolean) {
  const tls = mode.endsWith('tls')
  const to = (http_method: string, http_url: string) => ({
    endpoint: 'localhost',
    port,
    protocol: mode.startsWith('h2') ? 'h2' : 'h1',
    http_method,
    http_url,
    ...(tls && { tls, tls_trust_store: 'test' }),
    ...(retry && { retry: 'patient' }),
  })
  return {
    retry: [{ patient: { backoff: [100, 500, 2000], conceal: 5 } }],
    certs: [{ test_ca: authority.policyCert }],
    trust_stores: [{ name: 'test', stack: ['test_ca'] }],
    s: [{ small: to('GET', 'small') }, { big: to('GET', 'big') }, { upload: to('POST', 'upload') }],
  }
}

async function start(server: Server, site: Site): Promise<RunningServer> {
  const running = new RunningServer(server, site)
  await running.listening(site.port)
  return running
}

async function tryServer(server: Server, mode: Mode, backend: number): Promise<boolean> {
  const site = makeSite(server, mode, await freePort(), backend)
  let running: RunningServer | undefined
  let good = true
  try {
    running = await start(server, site)
    for (const [name, scenario] of Object.entries(scenarios)) {
      running ??= await start(server, site)
      if (running.ended) running = await start(server, site)
      const scene: Scene = {
        big,
        server: running,
        context: await openContext({ policy: policyFor(site, false), maxSockets: 32 }),
        patient: await openContext({ policy: policyFor(site, true), maxSockets: 32 }),
        async stopGracefully() {
          running?.signal(server.graceful ?? 'SIGTERM')
          if (running) await untilEnded(running)
        },
        async restart() {
          await running?.[Symbol.asyncDispose]()
          running = await start(server, site)
        },
      }
      const began = performance.now()
      const outcome = await scenario(scene)
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      console.log(`${server.name} | ${mode} | ${name} | ${outcome} | ${seconds} s`)
      if (/PENDING|OTHER BYTES/.test(outcome)) good = false
      scene.context.destroy()
      scene.patient.destroy()
    }
  } catch (error) {
    console.log(`${server.name} | ${mode} | ${String(error)}`)
    good = false
  } finally {
    await running?.[Symbol.asyncDispose]()
    rmSync(site.folder, { recursive: true, force: true })
  }
  return good
}

const backend = http.createServer((request, response) => {
  if (request.url === '/small') return response.end(small)
  if (request.url === '/big') return response.end(big)
  let length = 0
  request.on('data', (piece) => {
    length += piece.length
  })
  request.on('end', () => response.end(`${length}`))
  return undefined
})
await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
const { port } = Object(backend.address())

/** Its program is there, or else how to get it is said. */
function isInstalled(server: Server): boolean {
  const [program] = server.command({
    folder: '',
    port: 0,
    mode: 'h1',
    tls: false,
    h2: false,
    backend: 0,
  })
  try {
    findProgram(path.basename(program))
    return true
  } catch {
    console.log(`${server.name} | not installed: apt-get install ${server.package}`)
    return false
  }
}

const bad: string[] = []
for (const server of servers) {
  if (wanted.length > 0 && !wanted.includes(server.name)) continue
  if (!isInstalled(server)) continue
  for (const mode of server.modes)
    if (!(await tryServer(server, mode, port))) bad.push(`${server.name} (${mode})`)
}
backend.close()
backend.closeAllConnections()
if (bad.length > 0) console.error(`something stayed pending, or did not start: ${bad.join(', ')}`)
process.exitCode = bad.length > 0 ? 1 : 0
