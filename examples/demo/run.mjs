// Starts real servers for every protocol, with and without TLS, writes the policy that says where
// they are, and runs the application with it. Then a server of this package is asked by a client of it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileTests } from '../../scripts/test.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const folder = path.join(here, '..', '..', 'build', 'demo')

compileTests()
const peers = await import('../../build/test/peers/index.js')

const authority = await peers.CertificateAuthority.create('Demo CA')
const tls = await authority.issue()
const running = []
async function start(what, promise) {
  const peer = await promise
  running.push(peer)
  console.log(`  ${what} on 127.0.0.1:${peer.port}`)
  return peer.port
}

console.log('Servers:')
const ports = {
  h1: await start('node:http', peers.startHttp1()),
  h2: await start('node:http2', peers.startHttp2()),
  ws: await start('ws', peers.startWebSocket()),
  mqtt: await start('mosquitto', peers.startMosquitto()),
  raw: await start('node:net', peers.startRaw()),
  h1_tls: await start('node:https', peers.startHttp1({ tls })),
  h2_tls: await start('node:http2 with TLS', peers.startHttp2({ tls })),
  ws_tls: await start('ws with TLS', peers.startWebSocket({ tls })),
  mqtt_tls: await start('aedes with TLS', peers.startAedes({ tls })),
  raw_tls: await start('node:tls', peers.startRaw({ tls })),
}

const perProtocol = {
  h1: { http_method: 'POST', http_url: 'echo', opportunistic: true },
  h2: { http_method: 'POST', http_url: 'echo', opportunistic: true },
  ws: { http_url: '/' },
  mqtt: {
    mqtt_topic: 'demo',
    mqtt_subscribe: 'demo',
    mqtt_qos: 1,
    mqtt_keep_alive: 60,
    mqtt_clean_start: true,
  },
  raw: {},
}

const policy = {
  retry: [{ default: { backoff: [100, 200, 500], conceal: 3, jitterpc: 20 } }],
  certs: [{ demo_ca: authority.policyCert }],
  trust_stores: [{ name: 'demo', stack: ['demo_ca'] }],
  s: Object.entries(ports).map(([streamtype, port]) => {
    const [protocol, secure] = streamtype.split('_')
    return {
      [streamtype]: {
        endpoint: 'localhost',
        port,
        protocol,
        retry: 'default',
        ...perProtocol[protocol],
        ...(secure && { tls: true, tls_trust_store: 'demo' }),
      },
    }
  }),
}

// What the server of this package serves, and who asks it.
const serving = {
  s: [
    {
      site: {
        server: true,
        protocol: 'h1',
        endpoint: '127.0.0.1',
        port: 0,
        metadata: [{ path: '' }, { mime: 'content-type:' }],
      },
    },
    {
      visitor: {
        protocol: 'h1',
        endpoint: '127.0.0.1',
        http_url: 'garden',
      },
    },
  ],
}

const nameOf = (file) => path.relative(process.cwd(), file)

async function run(program, policy, policyName) {
  const file = path.join(folder, policyName)
  writeFileSync(file, `${JSON.stringify(policy, null, 2)}\n`)
  console.log(`\nThe policy: ${nameOf(file)}`)
  console.log(`The application: ${nameOf(path.join(here, program))}\n`)
  const app = spawn(process.execPath, [path.join(here, program), file], { stdio: 'inherit' })
  const [code] = await once(app, 'exit')
  if (code !== 0) process.exitCode = 1
}

mkdirSync(folder, { recursive: true })
await run('app.mjs', policy, 'policy.json')
await run('server.mjs', serving, 'serving.json')
await Promise.all(running.map((peer) => peer.close()))
