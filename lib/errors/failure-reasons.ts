/**
 * Why there is no connection, or no more, in sentences for people. The table's keys are libwebsockets'
 * words, as far as a `: ` in them; details follow, such as what the peer said.
 */
import { systemCode, systemError, systemWords } from './system-error.js'

/** What became of an attempt, or of a connection. */
export interface Reason {
  /** In words that go behind the name of who was asked. */
  readonly what: string
  /** The error that Node has for it, where it has one. */
  readonly cause?: Error | undefined
  /** Of HTTP. */
  readonly status?: number | undefined
}

/** `number` is what the words are about: the system's number, OpenSSL's, a status, the peer's code, or 0. */
type Explain = (number: number, details: string, words: string) => Reason

const causeOf = (code: string | undefined, words: string): Error | undefined =>
  code ? Object.assign(new Error(words), { code }) : undefined

const quoted = (text: string): string => JSON.stringify(text.replace(/\s+/g, ' ').trim())

/** `code` is what Node has for it. */
const says =
  (what: string, code?: string): Explain =>
  (_number, _details, words) => ({ what, cause: causeOf(code, words) })

/** The details are part of the sentence. */
const saysMore =
  (what: string, code?: string): Explain =>
  (_number, details, words) => ({
    what: details ? `${what}: ${details}` : what,
    cause: causeOf(code, words),
  })

/** `%` is the number, which is a status of HTTP. */
const answers =
  (what: string): Explain =>
  (status, details) => ({
    what: what.replace('%', String(status)) + (details && `: ${quoted(details)}`),
    status,
  })

/** `%` is the name of the number, which is an error of HTTP/2. */
const endsH2 =
  (what: string, code: string): Explain =>
  (number, details, words) =>
    saysMore(what.replace('%', h2Errors[number] ?? `error ${number}`), code)(0, details, words)

/** The connection was ended; the number is the system's, where it was no orderly end. */
const lost =
  (when: string): Explain =>
  (number) => {
    const code = systemCode(number)
    const how = code ? wordsOf(code) : 'hung up'
    return { what: `${how} ${when}`.trim(), cause: systemError(code ?? 'ECONNRESET', 'read') }
  }

// What libuv's words do not say plainly enough of a connection.
const systemSays: Record<string, string> = {
  ETIMEDOUT: 'no answer to the attempt to connect',
  ENOENT: 'no such socket',
  ECONNRESET: 'connection reset',
  EADDRNOTAVAIL: 'no address of this system can reach it',
}
const wordsOf = (code: string): string => systemSays[code] ?? systemWords(code)

/** When the name has several addresses, `details` have a number and an address for each attempt. */
const notConnected: Explain = (number, details) => {
  const errors = [...details.matchAll(/(\d+) \(([^)]+)\)/g)].map(([, errno, address]) =>
    systemError(systemCode(Number(errno)) ?? `errno ${errno}`, 'connect', { address }),
  ) as (NodeJS.ErrnoException & { address: string })[]
  const [first] = errors
  if (!first) {
    // Without a number, this process has no room for another connection.
    const code = systemCode(number) ?? 'EMFILE'
    return { what: wordsOf(code), cause: systemError(code, 'connect') }
  }
  const addresses = new Map<string, string[]>()
  for (const { code = '', address } of errors)
    addresses.set(code, [...(addresses.get(code) ?? []), address])
  const parts = [...addresses].map(([code, those]) => `${wordsOf(code)} (${those.join(', ')})`)
  const more = /and \d+ more$/.exec(details)
  const cause = Object.assign(new AggregateError(errors, 'connect'), { code: first.code })
  return { what: parts.join(', ') + (more ? ` ${more[0]}` : ''), cause }
}

// By OpenSSL's number; Node has the names.
const certificates: Record<number, readonly [string, string]> = {
  2: ['has an issuer that is not known', 'UNABLE_TO_GET_ISSUER_CERT'],
  7: ['has a wrong signature', 'CERT_SIGNATURE_FAILURE'],
  9: ['is not valid yet', 'CERT_NOT_YET_VALID'],
  10: ['has expired', 'CERT_HAS_EXPIRED'],
  18: ['vouches for itself, and is not trusted', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  19: ['comes from an authority that is not trusted', 'SELF_SIGNED_CERT_IN_CHAIN'],
  20: [
    'was issued by an authority that is not trusted, or comes without its chain',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  ],
  21: ['cannot be verified', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  22: ['has a chain that is too long', 'CERT_CHAIN_TOO_LONG'],
  23: ['is revoked', 'CERT_REVOKED'],
  24: ['was issued by what is no authority', 'INVALID_CA'],
  25: ['has a longer chain than its authority allows', 'PATH_LENGTH_EXCEEDED'],
  26: ['is not one for servers', 'INVALID_PURPOSE'],
  28: ['is one that its authority rejects', 'CERT_REJECTED'],
  47: ['is for a name that its authority may not vouch for', 'UNSPECIFIED'],
  48: ['is for a name that its authority must not vouch for', 'UNSPECIFIED'],
  62: ['is for another name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  64: ['is for another address', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  66: ['has a key that is too weak', 'UNSPECIFIED'],
  67: ['has an authority with a key that is too weak', 'UNSPECIFIED'],
  68: ['is signed with a digest that is too weak', 'UNSPECIFIED'],
}

const notTrusted: Explain = (number, details, words) => {
  const [what, code] = certificates[number] ?? [`is not accepted: ${details}`, 'UNSPECIFIED']
  return { what: `the server's certificate ${what}`, cause: causeOf(code, words) }
}

// Of the library SSL of OpenSSL, which numbers the alerts of the peer from 1000 on.
const SSL = 20
const UNEXPECTED_EOF = 294
const ALERTS = 1000
const refusesCert = 'the server refuses the client certificate'
const tlsErrors: Record<number, string> = {
  258: 'the server speaks no TLS 1.2 or newer',
  267: 'no TLS on that port',
  [UNEXPECTED_EOF]: 'hung up during the TLS handshake',
  [ALERTS + 40]:
    'the server refuses the TLS handshake: it may want a client certificate, or other ciphers',
  [ALERTS + 42]: `${refusesCert}: it is damaged`,
  [ALERTS + 43]: `${refusesCert}: its kind is not supported`,
  [ALERTS + 44]: `${refusesCert}: it is revoked`,
  [ALERTS + 45]: `${refusesCert}: it has expired`,
  [ALERTS + 46]: refusesCert,
  [ALERTS + 48]: `${refusesCert}: its authority is not known there`,
  [ALERTS + 49]: `${refusesCert}: it gives no access`,
  [ALERTS + 70]: 'the server refuses the versions of TLS that are allowed here',
  [ALERTS + 71]: 'the server refuses the ciphers of this side for being too weak',
  [ALERTS + 80]: 'the server has an internal error in its TLS',
  [ALERTS + 112]: 'the server knows no host of that name (SNI)',
  [ALERTS + 116]: 'the server requires a client certificate',
  [ALERTS + 120]: "the server does not speak the policy's protocol on that port (ALPN)",
}

const notSecured: Explain = (number, details, words) => {
  const isSsl = ((number >>> 23) & 0xff) === SSL
  const reason = isSsl ? number & 0x7fffff : 0
  const name = details.replaceAll(' ', '_').toUpperCase()
  const code = reason === UNEXPECTED_EOF ? 'ECONNRESET' : `ERR_${isSsl ? 'SSL' : 'OSSL'}_${name}`
  const what = tlsErrors[reason] ?? `TLS failed: ${details}`
  return { what, cause: causeOf(code, words) }
}

const h2Errors =
  'NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED'.split(
    ' ',
  )

const breaksMqtt = 'what it sends breaks the MQTT protocol'
const toTls = 'it speaks TLS on that port, and the policy has no tls'
const upgrade = 'its answer to the upgrade to a WebSocket'
const unanswered = lost('before it had answered')

const reasons: Record<string, Explain> = {
  // Finding the host, and connecting to it.
  'DNS NXDOMAIN': (): Reason => ({
    what: 'no host of that name',
    cause: systemError('ENOTFOUND', 'getaddrinfo'),
  }),
  'DNS lookup failed': (): Reason => ({
    what: 'the name could not be looked up, since no name server answered',
    cause: systemError('EAI_AGAIN', 'getaddrinfo'),
  }),
  'conn fail': notConnected,
  'tls restriction limit': says('this process has too many connections with TLS'),

  // TLS.
  cert: notTrusted,
  tls: notSecured,
  'connect SYSCALL': lost('during the TLS handshake'),
  'Timed out waiting SSL': says('no end of the TLS handshake in time', 'ERR_TLS_HANDSHAKE_TIMEOUT'),
  'client certificate missing or unusable': says('the client certificate is missing or unusable'),
  'bio_create failed': says('no TLS for it could be set up'),

  // Whatever the protocol.
  'closed before established': unanswered,
  'Closed before conn': unanswered,
  'first service failed': unanswered,
  'Peer hung up': unanswered,
  'read failed': unanswered,
  'Timed out waiting server reply': says('no answer in time', 'ETIMEDOUT'),
  'closed before anything could be sent': lost('before anything could be sent'),
  'closed before anything was acknowledged': lost('before it acknowledged anything'),
  'HS: it speaks TLS': says(toTls, 'EPROTO'),
  'it speaks TLS': says(toTls, 'EPROTO'),
  '': lost(''),

  // HTTP/1, and what HTTP says on each version.
  'read failed in headers': lost('within the headers of its answer'),
  'HS: headers too long': says('the headers of its answer are too long', 'HPE_HEADER_OVERFLOW'),
  'HS: it speaks HTTP/2': says('it speaks HTTP/2, and the policy says HTTP/1', 'EPROTO'),
  'it speaks no HTTP/2': says('what it sends is no HTTP/2', 'ERR_HTTP2_ERROR'),
  'it speaks HTTP/1': says('it speaks HTTP/1, and the policy says something else', 'EPROTO'),
  'HS: not HTTP': says('what it answers is no HTTP', 'HPE_INVALID_CONSTANT'),
  'HS: not a response of HTTP/1': says('its answer is no valid HTTP/1', 'HPE_INVALID_HEADER_TOKEN'),
  'HS: URI missing': says('its answer has no status', 'HPE_INVALID_STATUS'),
  'HS: :status missing': says('its answer has no status', 'HPE_INVALID_STATUS'),
  'HS: the status is not one': says('its answer has an invalid status', 'HPE_INVALID_STATUS'),
  'HS: Content-Length is not one length': says(
    'its answer has an invalid content-length',
    'HPE_INVALID_CONTENT_LENGTH',
  ),
  'HS: another protocol, which nobody asked for': answers('it switched protocols unasked (%)'),
  'HTTP status': answers('status %'),

  // Redirects that are not followed.
  'HS: a redirect, and the policy has no allow_redirects': answers(
    'redirected with status %, and the policy has no allow_redirects',
  ),
  'HS: a redirect without Location': answers('redirected with status % without Location'),
  'HS: Redirect code but no Location': answers('redirected with status % without Location'),
  'HS: a redirect, which http_fail_redirect fails': answers(
    'redirected with status %, which http_fail_redirect takes for a failure',
  ),
  'HS: a redirect whose Location is no URL': answers('redirected with status % to no valid URL'),
  'HS: a redirect to what is not HTTP': answers('redirected with status % to what is not HTTP'),
  'HS: Redirect attempted SSL downgrade': answers(
    'redirected with status % from TLS to a place without it',
  ),
  'HS: too many redirects': answers('redirected too often, the last time with status %'),

  // HTTP/2.
  'stream reset': endsH2('reset the stream of HTTP/2 with %', 'ERR_HTTP2_STREAM_ERROR'),
  'stream not taken': endsH2(
    'went away (GOAWAY, %) before it took the request',
    'ERR_HTTP2_GOAWAY_SESSION',
  ),
  'connection ended': endsH2('ended the connection (GOAWAY) with %', 'ERR_HTTP2_SESSION_ERROR'),
  'the peer broke HTTP/2': saysMore('what it sends breaks HTTP/2', 'ERR_HTTP2_SESSION_ERROR'),

  // WebSocket.
  'ws upgrade refused': answers('refused the upgrade to a WebSocket with status %'),
  'HS: ACCEPT missing': says(`${upgrade} has no Sec-WebSocket-Accept`, 'EPROTO'),
  'HS: Accept hash wrong': says(`${upgrade} has a wrong Sec-WebSocket-Accept`, 'EPROTO'),
  'HS: UPGRADE missing': says(`${upgrade} has no Upgrade`, 'EPROTO'),
  'HS: Upgrade to something other than websocket': says(
    `${upgrade} upgrades to something else`,
    'EPROTO',
  ),
  'HS: UPGRADE malformed': says(`${upgrade} has no Connection: upgrade`, 'EPROTO'),
  'HS: PROTOCOL malformed': says(`${upgrade} has a subprotocol that was not offered`, 'EPROTO'),
  'HS: EXT: unknown ext': says(`${upgrade} has an extension that was not offered`, 'EPROTO'),
  'the peer broke the WebSocket protocol': saysMore(
    'what it sends breaks the WebSocket protocol',
    'EPROTO',
  ),

  // MQTT.
  'it speaks no MQTT': says('what it answers is no CONNACK of MQTT', 'EPROTO'),
  'the broker broke the MQTT protocol': says(breaksMqtt, 'EPROTO'),
  'the broker does not speak MQTT 3.1.1': says(
    'the broker does not speak MQTT 3.1.1',
    'EPROTONOSUPPORT',
  ),
  'the broker refused the client id': says('the broker refused the client id', 'EACCES'),
  'the broker is not available': says('the broker is not available', 'ECONNREFUSED'),
  'the broker refused user name or password': says(
    'the broker refused user name or password',
    'EACCES',
  ),
  'the broker refused: not authorized': says('the broker refused: not authorized', 'EACCES'),
  'Timed out waiting CONNACK': says('no CONNACK from the broker in time', 'ETIMEDOUT'),
  'unable to send MQTT CONNECT': says('the CONNECT of MQTT could not be sent'),
  'the broker did not answer a ping': says('the broker did not answer a ping', 'ETIMEDOUT'),
}

// What a proxy is said to do, and what Node has for the like.
const byProxy: Record<string, string> = {
  'connection not allowed': 'EACCES',
  'network unreachable': 'ENETUNREACH',
  'host unreachable': 'EHOSTUNREACH',
  'connection refused': 'ECONNREFUSED',
  'TTL expired': 'ETIMEDOUT',
  'login refused': 'EACCES',
  'takes no login that we have': 'EACCES',
  'does not speak socks5': 'EPROTO',
  'does not speak HTTP': 'EPROTO',
  'its answer does not end': 'EPROTO',
  'hung up': 'ECONNRESET',
  'hung up on the login': 'ECONNRESET',
  'Timed out waiting for its reply': 'ETIMEDOUT',
}

/** What libwebsockets' words mean. Those that are not in the table are a sentence already. */
export function reasonOf(words: string, number: number): Reason {
  const proxy = /^((?:socks5|http) proxy \S+): (.*)$/s.exec(words)
  if (proxy) {
    const [, who, said = ''] = proxy
    const { what, cause = causeOf(byProxy[said], words) } = reasonOf(said, number)
    const [, status] = /^refused with (\d+)/.exec(said) ?? []
    return { what: `the ${who}: ${what}`, cause, status: status ? Number(status) : undefined }
  }
  const again = /^(.*?)(?:; )?(\S+ is not repeated, since .*)$/s.exec(words)
  if (again) {
    const reason = reasonOf(again[1] as string, number)
    return { ...reason, what: `${reason.what}; ${again[2]}` }
  }
  const whole = reasons[words]
  if (whole) return whole(number, '', words)
  const [, key = words, details = ''] = /^(.*?): (.*)$/s.exec(words) ?? []
  return reasons[key]?.(number, details, words) ?? { what: words }
}
