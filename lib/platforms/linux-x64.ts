/** What programs get from this package, with the addon for Linux on x64 with glibc, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('linux-x64', () => require('../../prebuilds/linux-x64/lws-secure-streams.glibc.node'))

export * from '../index.js'
