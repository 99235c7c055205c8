/** A Secure Stream as a stream of Node. */
import { Duplex } from 'node:stream'
import type { Chunk } from '../messages/inbox.js'
import type { Received } from '../messages/received.js'
import type { SecureStream } from './secure-stream.js'

/**
 * A Node stream over a Secure Stream and what that receives; destroying either destroys the other. On a
 * protocol without messages, ending it tells the peer so, and it ends with its connection: nothing else says
 * that the peer is done.
 */
export function streamDuplex(stream: SecureStream, chunks: Received<Chunk>): Duplex {
  const duplex = new Duplex({
    read() {
      chunks.next().then(
        ({ value, done }) => {
          if (done) {
            this.push(null)
            this.read(0)
            // A Node stream destroys itself when both of its sides have ended.
            duplex.end()
          }
          // A byte stream takes an empty piece for no data, and would not ask for more.
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
    final(done) {
      if (!stream.life.kind.isFramed) stream.life.endSending()
      done()
    },
    destroy(error, done) {
      stream.destroy(error ?? undefined)
      done(error)
    },
  })
  if (!stream.life.kind.isFramed)
    stream.on('state', (state) => {
      if (state === 'DISCONNECTED') chunks.finish()
    })
  stream.life.whenOver(() => {
    // A program that reads gets the end after what has arrived; one that does not gets it now.
    if (duplex.readableFlowing === null && duplex.listenerCount('readable') === 0) duplex.resume()
    else duplex.read(0)
  })
  return duplex
}
