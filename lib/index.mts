/** What programs get from this package, for import. */
export * from './index.js'
