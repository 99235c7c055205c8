// One application for every protocol: it names streamtypes and moves text. Where that goes, over
// which protocol, with which headers and whose certificates, is the policy's business.
//
//   node app.mjs POLICY
import { openContext } from 'lws-secure-streams'

const context = await openContext({ policyFile: process.argv[2] })

for (const streamtype of context.streamtypes) {
  const states = []
  const stream = context.stream(streamtype)
  stream.on('state', (state) => states.push(state))

  const sent = `hello from ${streamtype}`
  await stream.send(sent)

  for await (const message of stream) {
    console.log(`${streamtype}\n  sent      ${sent}\n  received  ${message.text()}`)
    break
  }

  await stream[Symbol.asyncDispose]()
  console.log(`  states    ${states.join(' → ')}`)
}

await context.close()
