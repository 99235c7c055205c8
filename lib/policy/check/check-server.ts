// Checks what the keys of a server streamtype say together.
import { missingServerMetadata } from '../form/streamtype.js'
import { quote } from '../form/text.js'
import { nameOf } from '../read/node.js'
import type { StreamtypeEntry } from '../read/read-streamtype.js'
import type { Report } from '../read/report.js'
import { SERVER_METADATA } from '../table/keys.js'
import { MAX_METADATA_ITEMS } from '../table/limits.js'
import type { Names } from './names.js'
import { placeOf } from './place.js'

/** What the keys of a server mean together. */
export function checkServer(entry: StreamtypeEntry, names: Names, report: Report): void {
  const { value, node } = entry
  const declared = value.metadata?.length ?? 0
  const count = declared + missingServerMetadata(value).length
  if (declared <= MAX_METADATA_ITEMS && count > MAX_METADATA_ITEMS) {
    report.error(
      'too-many-items',
      placeOf(entry, 'metadata'),
      `a server also has the metadata ${SERVER_METADATA.join(' and ')}, which makes ${count} ` +
        `items; lws can hold ${MAX_METADATA_ITEMS}`,
    )
  }
  if (value.protocol === 'mqtt') {
    report.error(
      'server-protocol',
      placeOf(entry, 'protocol'),
      'lws is no MQTT broker; a server uses h1, h2, ws or raw',
    )
  }
  if (value.tls === true && value.endpoint?.startsWith('!') !== true) {
    const { server_cert: cert } = value
    // A blob has the key as well.
    const isBlob = cert !== undefined && !names.sections.certs.has(cert)
    for (const key of ['server_cert', 'server_key'] as const) {
      if (value[key] === undefined && !isBlob) {
        report.error(
          'missing-server-cert',
          nameOf(node),
          `a tls server needs ${key}; name an entry of "certs" or remove tls`,
        )
      }
    }
  }
  if (value.tls !== true) {
    for (const key of ['server_cert', 'server_key'] as const) {
      if (value[key] !== undefined) {
        report.warning(
          'server-cert-without-tls',
          placeOf(entry, key),
          `${key} has no effect without "tls": true, and clients are served without encryption`,
        )
      }
    }
  }
}

/** Two servers cannot listen in one place, unless the system chooses the port. */
export function checkPorts(entries: Iterable<StreamtypeEntry>, report: Report): void {
  const taken = new Map<string, string>()
  for (const entry of entries) {
    const { name, value } = entry
    const { endpoint = '', port } = value
    if (value.server !== true || endpoint.startsWith('!') || !port) {
      continue
    }
    const place = `${endpoint} ${port}`
    const other = taken.get(place)
    if (other !== undefined) {
      report.warning(
        'port-taken',
        placeOf(entry, 'port'),
        `port ${port} is that of ${quote(other)} too, and only one of them can listen: change it`,
      )
    }
    taken.set(place, name)
  }
}
