// The types of one file of jsonc-parser. Bundlers for browsers cannot follow what the main file of that
// package requires; this file requires nothing.

declare module 'jsonc-parser/lib/umd/impl/scanner.js' {
  export { createScanner } from 'jsonc-parser'
}
