/** What programs get from this package, with the addon for Linux on arm64 with glibc, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('linux-arm64', () => require('../../prebuilds/linux-arm64/lws-secure-streams.glibc.node'))

export * from '../index.js'
