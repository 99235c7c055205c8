// Reads the address of a socks5 proxy.
import { byteLength } from './text.js'

/** A socks5 proxy, and how to log in there; without a login `user` and `password` are empty. */
export interface SocksProxy {
  readonly address: string
  readonly port: number
  readonly user: string
  readonly password: string
}

const FORM =
  /^(?:(?<user>[^\s@:]+):(?<password>\S+)@)?(?:\[(?<ipv6>[\da-fA-F:.]+)\]|(?<name>[^\s@:[\]/]+)):(?<port>\d{1,5})$/
/** RFC 1929 has a byte for the length of user and password, and a name has no more either. */
const MAX_BYTES = 255

/**
 * Reads `address:port` or `user:password@address:port`, with an address of IPv6 in brackets; gives
 * `undefined` for anything else.
 */
export function parseSocksProxy(text: string): SocksProxy | undefined {
  const { user = '', password = '', ipv6, name = '', port } = FORM.exec(text)?.groups ?? {}
  const proxy = { address: ipv6 ?? name, port: Number(port), user, password }
  const fits = [proxy.address, user, password].every((part) => byteLength(part) <= MAX_BYTES)
  return fits && proxy.port > 0 && proxy.port <= 65_535 ? proxy : undefined
}
