/** What programs get from this package, with the addon for Linux on armv7 with glibc, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('linux-arm', () =>
  require('../../prebuilds/linux-arm/lws-secure-streams.armv7.glibc.node'),
)

export * from '../index.js'
