// What the system says of a failure, in Node's words.
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

// Windows has numbers of its own for what its sockets say, which Node calls by the names of POSIX.
const codes = new Map(
  Object.entries(constants.errno).map(([name, errno]) => [errno, name.replace(/^WSA/, '')]),
)

/** The name that Node has for a number of the system's. */
export function systemCode(number: number): string | undefined {
  return codes.get(number)
}

/** What libuv says of a code, which is the same on every system. */
export function systemWords(code: string): string {
  for (const [name, words] of getSystemErrorMap().values()) if (name === code) return words
  return code
}

/** An error as Node has it for a call of the system that failed; `more` are further properties. */
export function systemError(code: string, syscall: string, more: object = {}): Error {
  const [errno] = [...getSystemErrorMap()].find(([, [name]]) => name === code) ?? []
  return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall, ...more })
}
