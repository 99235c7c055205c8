/** What programs get from this package, with the addon for Linux on arm64 with musl, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('linuxmusl-arm64', () =>
  require('../../prebuilds/linux-arm64/lws-secure-streams.musl.node'),
)

export * from '../index.js'
