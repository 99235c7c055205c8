/** The event 'message'. */
import { native } from '../addon/native.js'
import type { Inbox } from './inbox.js'
import { Message } from './message.js'

/** What is needed of an emitter of 'message'. */
export interface MessageEmitter {
  listenerCount(event: 'message'): number
  emit(event: 'message', message: Message): boolean
}

/** Hands messages to the listeners of 'message', for as long as there are both. */
export function handToListeners(emitter: MessageEmitter, inbox: Inbox): void {
  while (emitter.listenerCount('message') > 0) {
    inbox.attachListeners()
    const chunks = inbox.takeMessage()
    if (!chunks) return
    try {
      emitter.emit('message', Message.of(chunks))
    } catch (error) {
      // The messages behind it are handed over all the same, and not only when the next one arrives.
      native().reportUncaught(error)
    }
  }
}
