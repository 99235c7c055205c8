/** The channels of node:diagnostics_channel. */
import { channel, tracingChannel } from 'node:diagnostics_channel'

/** The package's `diagnostics_channel` channels; see docs/observability.md for what each carries. */
export const channels = {
  context: channel('lws-secure-streams:context'),
  stream: channel('lws-secure-streams:stream'),
  message: channel('lws-secure-streams:message'),
  state: channel('lws-secure-streams:state'),
  retry: channel('lws-secure-streams:retry'),
} as const

/** Its tracing channels: of what begins, and ends later. */
export const tracing = {
  request: tracingChannel('lws-secure-streams:request'),
  connect: tracingChannel('lws-secure-streams:connect'),
  send: tracingChannel('lws-secure-streams:send'),
  serve: tracingChannel('lws-secure-streams:serve'),
} as const
