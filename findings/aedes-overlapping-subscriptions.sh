#!/usr/bin/env bash
# aedes 1.2.0: a client with overlapping subscriptions gets one copy of a message, and not with the
# highest QoS of those subscriptions, which MQTT 3.1.1 asks of a broker (section 3.3.5, MQTT-3.3.5-1).
#
# Seen: a client subscribes to a/# with QoS 0 and to a/b with QoS 1, and the other way round; a message of
# QoS 1 for a/b is delivered once, with QoS 0, in both cases. Its loss would go unnoticed.
#
# Prints what was delivered. Fails when that changes. Needs Node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts aedes@1.2.0 mqtt@5.16.0

cat > run.mjs <<'SCRIPT'
import { once } from 'node:events'
import net from 'node:net'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'

const broker = await Aedes.createBroker()
const server = net.createServer(broker.handle).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()

for (const [wide, narrow] of [[0, 1], [1, 0]]) {
  const client = await mqtt.connectAsync({ host: '127.0.0.1', port })
  const seen = []
  const last = new Promise((resolve) => {
    client.on('message', (topic, _, { qos }) => (topic === 'end' ? resolve() : seen.push(qos)))
  })
  await client.subscribeAsync('a/#', { qos: wide })
  await client.subscribeAsync('a/b', { qos: narrow })
  await client.subscribeAsync('end', { qos: 1 })
  await client.publishAsync('a/b', 'x', { qos: 1 })
  await client.publishAsync('end', '', { qos: 1 })
  await last
  console.log(`a/# QoS ${wide}, a/b QoS ${narrow}: delivered with QoS ${seen.join(' and ')}`)
  await client.endAsync()
}
broker.close(() => server.close())
SCRIPT

diff - <(node run.mjs) <<'EXPECTED'
a/# QoS 0, a/b QoS 1: delivered with QoS 0
a/# QoS 1, a/b QoS 0: delivered with QoS 0
EXPECTED
echo 'as described: one copy, with QoS 0'
