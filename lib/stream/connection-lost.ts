import type { SecureStream } from './secure-stream.js'
import type { StateName } from './state.js'

/**
 * Settles when `until` does, or when there is no connection to send by. The end of a transaction that
 * was answered is none of that.
 */
export async function connectionLostOr(
  until: Promise<void>,
  stream: SecureStream,
  transactional: boolean,
): Promise<void> {
  if (stream.state === 'UNREACHABLE') return
  let lost = () => {}
  const isEndOfAnswered = () => transactional && stream.lastAttempt.answered
  const onState = (state: StateName | number) => {
    if (state === 'UNREACHABLE' || (state === 'DISCONNECTED' && !isEndOfAnswered())) lost()
  }
  stream.on('state', onState)
  await Promise.race([
    until,
    new Promise<void>((resolve) => {
      lost = resolve
    }),
  ])
  stream.off('state', onState)
}
