/** What programs get from this package, with the addon for Linux on x64 with musl, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('linuxmusl-x64', () => require('../../prebuilds/linux-x64/lws-secure-streams.musl.node'))

export * from '../index.js'
