// The cases of the benchmark, and the ratio that each has to reach.

import { compare } from './compare.mjs'
import { compareGrowth } from './growth.mjs'
import { compareIdle } from './idle.mjs'
import { startMosquitto } from './servers/mosquitto.mjs'
import { startNginx } from './servers/nginx.mjs'
import { startRawEcho } from './servers/raw-echo.mjs'
import { startWsEcho } from './servers/ws-echo.mjs'
import { compareIdleServers, compareServers } from './serving/compare.mjs'

const MiB = 1024 * 1024

const ws = { protocol: 'ws', peerName: 'ws', unit: 'messages/s', server: startWsEcho }
const h1 = { protocol: 'h1', peerName: 'undici', unit: 'requests/s', server: startNginx }
const mqtt = {
  protocol: 'mqtt',
  peerName: 'mqtt.js',
  unit: 'messages/s',
  server: startMosquitto,
  bytes: 100,
  inFlight: 20,
}
const raw = { protocol: 'raw', peerName: 'node:net', server: startRawEcho }
const nginxWith = (options) => (core) => startNginx(core, options)
const h2 = {
  ...h1,
  protocol: 'h2',
  peerName: 'node:http2',
  server: nginxWith({ tls: true, http2: true }),
}

/** What is measured, and the ratio to reach; with one in flight both share a core. */
const comparisons = [
  { name: 'ws-echo-64', ...ws, bytes: 64, inFlight: 64, atLeast: 1.3 },
  { name: 'ws-echo-1', ...ws, bytes: 64, inFlight: 1, sameCore: true, atLeast: 1.2 },
  {
    name: 'ws-echo-1MiB',
    ...ws,
    peerName: 'ws with bufferutil',
    bytes: MiB,
    inFlight: 4,
    atLeast: 1,
  },
  { name: 'h1-get-1', ...h1, inFlight: 1, sameCore: true, atLeast: 1 },
  { name: 'h1-get-50', ...h1, inFlight: 50, atLeast: 1 },
  { name: 'h1-tls-get-50', ...h1, server: nginxWith({ tls: true }), inFlight: 50, atLeast: 1 },
  { name: 'h1-get-5000', ...h1, inFlight: 5000, atLeast: 1 },
  { name: 'h2-get-50', ...h2, inFlight: 50, atLeast: 1.3 },
  { name: 'h2-get-5000', ...h2, inFlight: 5000, atLeast: 1 },
  { name: 'mqtt-qos0', ...mqtt, qos: 0, atLeast: 1 },
  { name: 'mqtt-qos1', ...mqtt, qos: 1, atLeast: 1.3 },
  { name: 'raw-echo-64', ...raw, unit: 'messages/s', bytes: 64, inFlight: 64, atLeast: 1.2 },
  { name: 'raw-bulk', ...raw, unit: 'pieces/s', bytes: 16 * 1024, inFlight: 64, atLeast: 0.9 },
]

/** Servers, with one load generator for both; a broadcast is one operation. */
const h1Server = { protocol: 'h1', unit: 'requests/s', connections: 50, inFlight: 1 }
const wsServer = { protocol: 'ws', peerName: 'ws' }
const serverComparisons = [
  { name: 'serve-h1', ...h1Server, peerName: 'node:http', atLeast: 2 },
  { name: 'serve-h1-tls', ...h1Server, tls: true, peerName: 'node:https', atLeast: 1.7 },
  {
    name: 'serve-h2',
    ...h1Server,
    protocol: 'h2',
    tls: true,
    connections: 4,
    inFlight: 100,
    peerName: 'node:http2',
    atLeast: 3,
  },
  {
    name: 'serve-ws-echo',
    ...wsServer,
    unit: 'messages/s',
    connections: 50,
    inFlight: 16,
    atLeast: 4,
  },
  {
    name: 'serve-ws-broadcast',
    ...wsServer,
    protocol: 'ws-broadcast',
    unit: 'broadcasts/s',
    connections: 2000,
    inFlight: 1,
    atLeast: 3,
  },
  {
    name: 'serve-raw',
    protocol: 'raw',
    peerName: 'node:net',
    unit: 'messages/s',
    connections: 50,
    inFlight: 1,
    atLeast: 3,
  },
]
const idleServers = [
  { name: 'serve-idle-ws', ...wsServer, connections: 10_000 },
  { name: 'serve-idle-h1', protocol: 'h1', peerName: 'node:http', connections: 10_000 },
]

export const cases = [
  ...comparisons.map(({ atLeast, ...options }) => ({
    name: options.name,
    atLeast,
    options,
    run: () => compare(options),
  })),
  {
    name: 'idle-ws',
    goal: '≤ 0.8',
    run: () =>
      compareIdle({ name: 'idle-ws', peerName: 'ws', server: startWsEcho, connections: 5000 }),
  },
  ...serverComparisons.map(({ atLeast, ...options }) => ({
    name: options.name,
    atLeast,
    options,
    run: () => compareServers(options),
  })),
  ...idleServers.map((options) => ({
    name: options.name,
    goal: '≤ 0.5',
    options,
    run: () => compareIdleServers(options),
  })),
  {
    name: 'streams-1-to-10000',
    goal: '≤ 1.5',
    run: () => compareGrowth({ name: 'streams-1-to-10000', server: startWsEcho, bytes: 64 }),
  },
]
