// Why a session has ended, in words.
import { closeInWords } from '../words.mjs'
import type { Ending } from './outcome.mjs'

function why(ending: Ending): string {
  switch (ending.by) {
    case 'peer': {
      const { closeCode, closeReason } = ending
      if (closeCode === undefined) return 'the peer closed the connection'
      const reason = closeReason ? `: ${closeReason}` : ''
      return `the peer closed the WebSocket with ${closeInWords(closeCode)}${reason}`
    }
    case 'silence':
      return `nothing arrived for ${ending.seconds} s; --wait waits longer`
    case 'interrupt':
      return 'interrupted'
    case 'reader':
      return 'nobody reads the output any more'
  }
}

/** One sentence for a person. */
export function endingInWords(streamtype: string, ending: Ending): string {
  return `'${streamtype}' ended: ${why(ending)}`
}
