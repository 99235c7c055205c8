#!/usr/bin/env bash
# autocannon 9.0.0: with "amount" and "pipelining", it ends before all answers have come, and reports fewer
# requests than it was told to make, without an error.
#
# Seen: 5000 requests by 10 connections, 10 in flight on each, to a server of node:http that answers all that
# it gets: fewer than 5000 are reported, with 0 errors and 0 timeouts, while the server has answered 5000.
#
# Prints what both say. Fails when that changes. Needs Node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts autocannon@9.0.0

cat > run.mjs <<'SCRIPT'
import { once } from 'node:events'
import http from 'node:http'
import autocannon from 'autocannon'

let answered = 0
const server = http.createServer((request, response) => {
  answered++
  response.end('hello')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { requests, errors, timeouts } = await autocannon({
  url: `http://127.0.0.1:${server.address().port}`,
  amount: 5000,
  connections: 10,
  pipelining: 10,
})
console.error(`reported ${requests.total}, answered ${answered}`)
console.log(`reported: ${requests.total < 5000 ? 'fewer than 5000' : requests.total}`)
console.log(`errors: ${errors}, timeouts: ${timeouts}`)
server.closeAllConnections()
server.close()
SCRIPT

diff - <(node run.mjs) <<'EXPECTED'
reported: fewer than 5000
errors: 0, timeouts: 0
EXPECTED
echo 'as described: what is missing is not told'
