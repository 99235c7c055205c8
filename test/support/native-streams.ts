/** The addon's own contexts and streams, without lib/ around them. */
import type { NativeContext, NativeKind, NativeStream } from '../../dist/addon/native.js'
import { internal } from './internals.js'

const { native } = internal<typeof import('../../dist/addon/native.js')>('addon/native.js')
const { tellEvents, tellSent } =
  internal<typeof import('../../dist/addon/delivery.js')>('addon/delivery.js')
const { allocateSlab } = internal<typeof import('../../dist/addon/slab.js')>('addon/slab.js')

const open: { context: NativeContext; closed: Promise<void> }[] = []

/** Of streamtypes on raw. */
export const rawKind: NativeKind = { exchange: 'bytes', canSend: true, nailedUp: false, qos: 0 }

/** A context that goes by `policy`, as JSON. */
export function openNativeContext(policy: string): NativeContext {
  let onClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve
  })
  const context = new (native().Context)(
    {
      policy,
      trust: [],
      chooseProxy: undefined,
      maxSockets: 0,
      cookies: { get: () => '', set: () => {} },
      sign: () => [false, ''],
      redirect: () => 'not followed',
    },
    (notice) => {
      if (notice === native().numbers.notices.closed) onClosed()
    },
    allocateSlab,
    tellEvents,
    tellSent,
  )
  open.push({ context, closed })
  return context
}

/** Whether libwebsockets takes it. */
export function setNativePolicy(context: NativeContext, policy: string): boolean {
  return context.setPolicy({ policy, trust: [], chooseProxy: undefined })
}

/** A stream on raw, which is not open yet. */
export function newRawStream(context: NativeContext, streamtype: string): NativeStream {
  return new (native().Stream)(context, streamtype, rawKind, [])
}

/** Closes all of them; settles when they are gone. */
export async function closeNativeContexts(): Promise<void> {
  for (const { context } of open) context.close()
  await Promise.all(open.map(({ closed }) => closed))
}
