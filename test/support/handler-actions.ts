// What a program may do inside a handler.

import {
  type Context,
  Return,
  type ReturnValue,
  type SecureStream,
  type StreamHandlers,
} from 'lws-secure-streams'

/** What a handler may do to the stream that it is called for. */
export interface HandlerAction {
  /** What becomes of the stream. */
  readonly effect: 'goes on' | 'is asked for more' | 'disconnects' | 'is destroyed'
  /** Whether it ends the context too. */
  readonly closes?: true
  /**
   * Gives what the handler returns; what it gives to `promise` has to settle. `handlers` does the
   * same as the handlers that the stream has.
   */
  run(
    stream: SecureStream,
    context: Context,
    promise: (promise: Promise<unknown>) => void,
    handlers: StreamHandlers,
  ): ReturnValue | undefined
}

/** What is possible only in a handler, its return values above all. */
export const inHandlers: Record<string, HandlerAction> = {
  'return OK': { effect: 'goes on', run: () => Return.OK },
  'return TX_DONT_SEND': { effect: 'goes on', run: () => Return.TX_DONT_SEND },
  'return DISCONNECT_ME': { effect: 'disconnects', run: () => Return.DISCONNECT_ME },
  'return another negative number': {
    effect: 'disconnects',
    run: () => -7 as ReturnValue,
  },
  'return DESTROY_ME': { effect: 'is destroyed', run: () => Return.DESTROY_ME },
  'return SS_HANDLE_DESTROYED': {
    effect: 'is destroyed',
    run(stream) {
      stream.destroy()
      return Return.SS_HANDLE_DESTROYED
    },
  },
  'return SS_HANDLE_DESTROYED of a stream that is not': {
    effect: 'is destroyed',
    run: () => Return.SS_HANDLE_DESTROYED,
  },
  'stream.changeHandlers()': {
    effect: 'goes on',
    run(stream, _context, _promise, handlers) {
      stream.changeHandlers(handlers)
      return undefined
    },
  },
}

/** Calls that may be made in handlers and in listeners. */
export const anywhere: Record<string, HandlerAction> = {
  'nothing at all': { effect: 'goes on', run: () => undefined },
  'stream.destroy()': {
    effect: 'is destroyed',
    run(stream) {
      stream.destroy()
      return undefined
    },
  },
  'stream.disconnect()': {
    effect: 'disconnects',
    run(stream) {
      stream.disconnect()
      return undefined
    },
  },
  'stream.connect() and stream.disconnect()': {
    effect: 'disconnects',
    run(stream, _, promise) {
      promise(stream.connect())
      stream.disconnect()
      return undefined
    },
  },
  'stream.disconnect() and stream.destroy()': {
    effect: 'is destroyed',
    run(stream) {
      stream.disconnect()
      stream.destroy()
      return undefined
    },
  },
  'context.destroy()': {
    effect: 'is destroyed',
    closes: true,
    run(_, context) {
      context.destroy()
      return undefined
    },
  },
  'context.close()': {
    effect: 'is destroyed',
    closes: true,
    run(_, context, promise) {
      promise(context.close())
      return undefined
    },
  },
  'stream.send()': {
    effect: 'is asked for more',
    run(stream, _, promise) {
      promise(stream.send('more'))
      return undefined
    },
  },
  'stream.requestTx()': {
    effect: 'is asked for more',
    run(stream) {
      stream.requestTx(4)
      return undefined
    },
  },
  'stream.connect()': {
    effect: 'is asked for more',
    run(stream, _, promise) {
      promise(stream.connect())
      return undefined
    },
  },
  'stream.setMetadata()': {
    effect: 'goes on',
    run(stream) {
      stream.setMetadata('note', 'changed')
      return undefined
    },
  },
  'context.stream()': {
    effect: 'goes on',
    run(_, context, promise) {
      promise(context.stream('neighbour').connect())
      return undefined
    },
  },
  throw: {
    effect: 'goes on',
    run() {
      throw new Error('thrown on purpose')
    },
  },
}
