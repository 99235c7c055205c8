/** How a context gets its other half, in the addon. */
import {
  create,
  type NativeContext,
  type NativePolicy,
  type NativeSign,
  native,
} from '../addon/native.js'
import { allocateSlab } from '../addon/slab.js'
import type { NoticeTarget } from '../addon/targets.js'
import { loadCookies } from '../cookies/load-cookies.js'
import { redirectTarget } from '../requests/redirect-target.js'
import type { ContextSettings } from './context-types.js'

// Loaded with the addon, whose numbers it has.
export const delivery = () =>
  require('../addon/delivery.js') as typeof import('../addon/delivery.js')

/**
 * Makes it. `target` is told of it from then on, and of what is wrong with the settings.
 *
 * @throws SecureStreamError `ERR_SS_CREATE`
 */
export function createNativeContext(
  policy: NativePolicy,
  { cookieFile, maxSockets = Infinity }: ContextSettings,
  sign: NativeSign,
  target: NoticeTarget & { warn(text: string): void },
): NativeContext {
  const { Context } = native()
  const { noticeCall, tellEvents, tellSent } = delivery()
  const options = {
    ...policy,
    maxSockets: maxSockets === Infinity ? 0 : maxSockets,
    cookies: loadCookies(cookieFile, (error) => target.warn(error.message)),
    sign,
    redirect: redirectTarget,
  }
  return create(() => new Context(options, noticeCall(target), allocateSlab, tellEvents, tellSent))
}
