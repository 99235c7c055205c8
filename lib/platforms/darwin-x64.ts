/** What programs get from this package, with the addon for macOS on x64, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('darwin-x64', () => require('../../prebuilds/darwin-x64/lws-secure-streams.node'))

export * from '../index.js'
