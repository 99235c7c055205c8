// What the system says of a failure, in Node's words.
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

// Windows has numbers of its own for what its sockets say, which Node calls by the names of POSIX.
const codes = new Map(
  Object.entries(constants.errno).map(([name, errno]) => [errno, name.replace(/^WSA/, '')]),
)

/**
 * The error of the system that libwebsockets tells of with its number, as in `conn fail: 111`, with `code`,
 * `errno` and `syscall` as Node's own errors have them; `undefined` when there is none in `words`.
 */
export function systemCause(words: string): NodeJS.ErrnoException | undefined {
  const number = words.match(/(?:conn fail: |errno )(\d+)/)?.[1]
  const code = codes.get(Number(number))
  if (!code) return undefined
  const [errno] = [...getSystemErrorMap()].find(([, [name]]) => name === code) ?? []
  return Object.assign(new Error(`connect ${code}`), { errno, code, syscall: 'connect' })
}
