// Bundlers for browsers cannot follow what the package's main file requires, and this file is whole.
declare module 'jsonc-parser/lib/umd/impl/scanner.js' {
  export { createScanner } from 'jsonc-parser'
}
