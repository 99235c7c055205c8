import { native } from '../addon/native.js'
import type { SecureStream } from '../stream/secure-stream.js'
import type { Inbox } from './inbox.js'
import { Message } from './message.js'

/** Hands messages to the listeners of 'message', for as long as there are both. */
export function handToListeners(stream: SecureStream, inbox: Inbox): void {
  while (stream.listenerCount('message') > 0) {
    inbox.attachListeners()
    const chunks = inbox.takeMessage()
    if (!chunks) return
    try {
      stream.emit('message', Message.of(chunks))
    } catch (error) {
      // The messages behind it are not to wait for the next one to arrive.
      native().reportUncaught(error)
    }
  }
}
