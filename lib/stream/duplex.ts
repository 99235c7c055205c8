import { Duplex } from 'node:stream'
import type { SecureStream } from './secure-stream.js'

/**
 * A Node stream over a Secure Stream; destroying either destroys the other. With `bytesOnly`, on a
 * protocol without messages, it ends with its connection: nothing else says that the peer is done.
 */
export function streamDuplex(stream: SecureStream, bytesOnly: boolean): Duplex {
  const chunks = stream.receivedChunks()
  const duplex = new Duplex({
    read() {
      chunks.next().then(
        ({ value, done }) => {
          if (done) {
            this.push(null)
            this.read(0)
            // With both of its sides at their end, a Node stream destroys itself.
            duplex.end()
          }
          // An empty piece is no data to a byte stream, and would end its wait for some.
          else if (value.data.length > 0) this.push(value.data)
          else this._read(0)
        },
        (error) => this.destroy(error),
      )
    },
    write(data: Buffer, _encoding, done) {
      try {
        stream.send(data).then(() => done(), done)
      } catch (error) {
        done(error as Error)
      }
    },
    destroy(error, done) {
      stream.destroy(error ?? undefined)
      done(error)
    },
  })
  if (bytesOnly)
    stream.on('state', (state) => {
      if (state === 'DISCONNECTED') chunks.finish()
    })
  stream.whenOver(() => {
    // Who reads has the end behind what has arrived, who does not has it now.
    if (duplex.readableFlowing === null && duplex.listenerCount('readable') === 0) duplex.resume()
    else duplex.read(0)
  })
  return duplex
}
