/** Modules of the library that it does not export. */
import path from 'node:path'

const dist = path.dirname(require.resolve('lws-secure-streams'))

/** A module of `dist/`, such as `streams/life.js`; the caller says its type. */
export const internal = <T>(file: string): T => require(path.join(dist, file)) as T
