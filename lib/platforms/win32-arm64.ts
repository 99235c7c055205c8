/** What programs get from this package, with the addon for Windows on arm64, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('win32-arm64', () => require('../../prebuilds/win32-arm64/lws-secure-streams.node'))

export * from '../index.js'
