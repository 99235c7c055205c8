/** What programs get from this package, with the addon for Windows on x64, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('win32-x64', () => require('../../prebuilds/win32-x64/lws-secure-streams.node'))

export * from '../index.js'
