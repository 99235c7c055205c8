// Streamtypes that an editor writes on request, one of each protocol.
import type { Protocol } from '../table/key-spec.js'

interface Snippet {
  readonly label: string
  readonly description: string
  readonly body: object
}

// `${1:…}` is what the editor asks for, in this order; `^` is before what is no text.
const PEER = (port: number, tls: boolean) => ({
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor's own placeholders
  endpoint: '${2:example.com}',
  port: `^\${3:${port}}`,
  tls: `^\${4:${tls}}`,
})
const REQUEST = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor's own placeholders
  http_method: '${5:GET}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor's own placeholders
  http_url: '${6:path}',
}

const DEFINITIONS: Readonly<Record<Protocol, readonly [what: string, keys: object]>> = {
  h1: ['a request by HTTP/1.1', { protocol: 'h1', ...PEER(443, true), ...REQUEST }],
  h2: ['a request by HTTP/2', { protocol: 'h2', ...PEER(443, true), ...REQUEST }],
  ws: [
    'a WebSocket',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor's own placeholders
    { protocol: 'ws', ...PEER(443, true), http_url: '${5:path}' },
  ],
  mqtt: [
    'messages by way of an MQTT broker',
    {
      protocol: 'mqtt',
      ...PEER(8883, true),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor's own placeholders
      mqtt_topic: '${5:home/attic}',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor's own placeholders
      mqtt_subscribe: '${6:home/+/set}',
      mqtt_qos: '^1',
      mqtt_keep_alive: '^60',
    },
  ],
  raw: ['a TCP or TLS connection', { protocol: 'raw', ...PEER(7, false) }],
}

/** Each as the value of a name, or with a name around it. */
export function streamtypeSnippets(form: 'named' | 'value'): Snippet[] {
  return Object.entries(DEFINITIONS).map(([protocol, [what, keys]]) => ({
    label: `${protocol}: ${what}`,
    description: `A streamtype for ${what}.`,
    body: form === 'value' ? keys : { '${1:name}': keys },
  }))
}

/** A whole policy: one streamtype, and a retry scheme for it. */
export const POLICY_SNIPPET: Snippet = {
  label: 'policy: one request, with retries',
  description: 'A policy with one streamtype and a retry scheme.',
  body: {
    retry: [{ default: { backoff: ['^1000', '^2000', '^5000'], conceal: '^5', jitterpc: '^20' } }],
    s: [{ '${1:name}': { ...DEFINITIONS.h1[1], retry: 'default' } }],
  },
}
