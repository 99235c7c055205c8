#!/usr/bin/env bash
# @fastify/send 4.2.1: a request with a weak entity tag in If-Range gets a part of the file (206). RFC 9110,
# section 13.1.5, has a weak tag never match there, so that the whole file (200) is due: parts of two
# versions that are only equivalent must not be put together. The tags that it makes itself are weak.
#
# Seen: the file's own tag, W/"...", in If-Range with "Range: bytes=0-3" gives 206 and four bytes; another
# tag gives 200 and all ten.
#
# Prints the answers. Fails when they change. Needs Node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @fastify/send@4.2.1
mkdir files
printf '0123456789' > files/a.txt

cat > run.mjs <<'SCRIPT'
import { once } from 'node:events'
import http from 'node:http'
import { send } from '@fastify/send'

const server = http.createServer(async (request, response) => {
  const { statusCode, headers, stream } = await send(request, request.url, { root: 'files' })
  response.writeHead(statusCode, headers)
  stream.pipe(response)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}/a.txt`

const tag = (await fetch(url)).headers.get('etag')
console.log(`its tag is ${tag.startsWith('W/') ? 'weak' : 'strong'}`)
for (const [name, value] of [['its tag', tag], ['another', '"other"']]) {
  const answer = await fetch(url, { headers: { range: 'bytes=0-3', 'if-range': value } })
  console.log(`${name}: ${answer.status}, ${(await answer.text()).length} bytes`)
}
server.close()
SCRIPT

diff - <(node run.mjs) <<'EXPECTED'
its tag is weak
its tag: 206, 4 bytes
another: 200, 10 bytes
EXPECTED
echo 'as described: a weak tag is good enough for a part'
