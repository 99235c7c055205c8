/** The keys of streamtypes on HTTP and WebSocket. */
import type { KeySpec, ValueType } from './key-spec.js'
import {
  type Extra,
  expanded,
  flag,
  HTTP,
  s,
  TRANSACTIONAL,
  text,
  UNSPECIFIED,
  u16,
} from './rows.js'

const TOKENS = { needs: 'LWS_WITH_SECURE_STREAMS_SYS_AUTH_API_AMAZON_COM' } as const

/** A key of transactions that a client makes. */
function http(name: string, type: ValueType, summary: string, extra: Extra = {}): KeySpec {
  return s(name, type, summary, { protocols: TRANSACTIONAL, role: 'client', ...extra })
}
/** The same, where lws keeps it in the union that HTTP shares with MQTT. */
function shared(name: string, type: ValueType, summary: string, extra: Extra = {}): KeySpec {
  return http(name, type, summary, { union: 'http', ...extra })
}

/** In the order in which lws is told. */
export const HTTP_KEYS: readonly KeySpec[] = [
  shared('http_method', { kind: 'text', format: 'token' }, 'The HTTP method.', {
    default: 'GET',
    needs: {
      PUT: 'LWS_WITH_HTTP_UNCOMMON_HEADERS',
      PATCH: 'LWS_WITH_HTTP_UNCOMMON_HEADERS',
      DELETE: 'LWS_WITH_HTTP_UNCOMMON_HEADERS',
      OPTIONS: 'LWS_WITH_HTTP_UNCOMMON_HEADERS',
    },
  }),
  shared('http_url', expanded, 'The path and query, with or without the leading `/`.', {
    protocols: HTTP,
    aliases: ['aux'],
    default: '/',
  }),
  shared('http_auth_header', text, 'The header of the auth token, with its `:`.', TOKENS),
  shared('http_dsn_header', text, 'The header of the blob `deviceSerial`, with its `:`.'),
  shared('http_fwv_header', text, 'The header of the blob `deviceFirmwareVersion`, with its `:`.'),
  shared('http_devtype_header', text, 'The header of the blob `deviceType`, with its `:`.'),
  shared('http_auth_preamble', text, 'What precedes the auth token, such as `bearer `.', TOKENS),
  shared('http_multipart_name', text, 'Sends as multipart, with this `name`.'),
  shared('http_multipart_filename', text, 'The `filename` of the multipart section.'),
  shared('http_mime_content_type', text, 'The `content-type` of the multipart section.', {
    heading: '`http_multipart_content_type`',
    aliases: ['http_multipart_content_type'],
  }),
  s('ws_subprotocol', text, 'The subprotocol to ask for; for a server, to accept.', {
    protocols: HTTP,
    union: 'http',
    needs: 'LWS_ROLE_WS',
  }),

  shared('http_expect', u16, 'The only status that counts as success.', {
    absent: '200 to 299',
  }),

  s('ws_prioritize_reads', flag, 'Whether reading has priority over writing.', {
    protocols: ['ws'],
    role: 'client',
    needs: 'LWS_ROLE_WS',
  }),
  s('ws_binary', flag, 'Whether messages are binary; otherwise they are text.', {
    protocols: HTTP,
    union: 'http',
    needs: 'LWS_ROLE_WS',
  }),
  http('http_no_content_length', flag, 'Whether to leave out `content-length`.', UNSPECIFIED),
  s('nghttp2_quirk_end_stream', flag, 'Whether a request without a body is ended at once.', {
    role: 'client',
    protocols: ['h2'],
    needs: 'LWS_WITH_HTTP2',
    default: true,
    limit: 'With `long_poll` the default is `false`',
  }),
  http('h2q_oflow_txcr', flag, 'Whether to accept a peer that exceeds its initial tx credit.', {
    needs: 'LWS_WITH_HTTP2',
  }),
  s(
    'http_multipart_ss_in',
    flag,
    'Whether each part of a multipart answer, with its headers, is a message.',
    {
      protocols: TRANSACTIONAL,
    },
  ),
  http('http_www_form_urlencoded', flag, 'Whether to send as `application/x-www-form-urlencoded`.'),
  http('http_cookies', flag, "Whether cookies are kept in the context's `cookieJar` and sent.", {
    protocols: HTTP,
    needs: 'LWS_COOKIES_EXTERNAL',
  }),
  shared('http_fail_redirect', flag, 'Whether a redirect fails the connection.'),

  shared(
    'http_resp_map',
    { kind: 'respmap' },
    'Which state (1000 and above) each response status stands for.',
  ),

  http('auth_hexify', flag, 'Whether the auth token is sent as hexadecimal text.', TOKENS),
]
