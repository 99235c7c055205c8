// A web server and its visitor: two streamtypes of one policy.
//
//   node server.mjs POLICY
import { openContext } from 'lws-secure-streams'

const context = await openContext({ policyFile: process.argv[2] })

const server = await context.serve('site', {
  transaction(txn) {
    console.log(`  site      ${txn.method} ${txn.url} from ${txn.remoteAddress}`)
    return txn.ack({ mime: 'text/plain' }).end(`you are at ${txn.metadata.path}`)
  },
})
await context.overlay({ s: [{ visitor: { port: server.port } }] })

console.log('site and visitor')
const reply = await context.request('visitor')
console.log(
  `  visitor   ${reply.status} ${reply.headers.get('content-type')}: ${await reply.text()}`,
)

await context.close()
