// A chat in the terminal: lines that are typed go to all others in the room. It connects again by itself.
//
//   node chat.mjs NAME [POLICY]
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openContext } from 'lws-secure-streams'

const [name = 'somebody', policyFile = fileURLToPath(new URL('policy.json', import.meta.url))] =
  process.argv.slice(2)

const context = await openContext({ policyFile })
const chat = context.stream('chat')
chat.on('state', (state) => {
  if (state === 'CONNECTED') console.log('* you are in the room')
})
chat.on('retry', ({ reason }) => console.log(`* ${reason.message}`))
chat.on('message', (message) => {
  try {
    const { from, text } = message.json()
    console.log(`${from}: ${text}`)
  } catch {
    console.log('* somebody has said what this program does not understand')
  }
})

const lines = createInterface({ input: process.stdin })
lines.on('line', (text) => {
  chat.send(JSON.stringify({ from: name, text })).catch((error) => {
    console.log(`* not said: ${text}: ${error.message}`)
  })
})
// What was typed is still sent.
lines.on('close', () => context.close())
