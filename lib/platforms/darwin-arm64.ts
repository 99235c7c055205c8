/** What programs get from this package, with the addon for macOS on arm64, which bundlers can find. */
import { useAddon } from '../addon/load.js'

useAddon('darwin-arm64', () => require('../../prebuilds/darwin-arm64/lws-secure-streams.node'))

export * from '../index.js'
