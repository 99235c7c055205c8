import type { SecureStream } from './secure-stream.js'

/** Settles when there is no connection to send by, from now on. */
export function connectionLost(stream: SecureStream): Promise<void> {
  return new Promise((resolve) => {
    stream.on('state', (state) => {
      if (state === 'UNREACHABLE' || state === 'DISCONNECTED') resolve()
    })
  })
}
