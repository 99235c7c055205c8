/** Checks whether the parts of a policy fit together. */
import { quote } from '../form/text.js'
import type { PolicyNode } from '../read/node.js'
import type { PolicyParts, SectionName } from '../read/read-parts.js'
import { memberFor, type Named } from '../read/read-sections.js'
import type { StreamtypeEntry } from '../read/read-streamtype.js'
import type { Report } from '../read/report.js'
import { checkCertificates } from './check-certificates.js'
import { checkPorts } from './check-server.js'
import { checkStreamtype } from './check-streamtype.js'
import { NameIndex } from './name-index.js'
import type { Names } from './names.js'

/** Checks what the parts of a policy say of one another. */
export function checkParts(parts: PolicyParts, report: Report): void {
  const { root, sections, certs, stores, streamtypes } = parts
  const entries = Array.from(streamtypes.values(), ({ value }) => value)
  const names = namesOf(parts)
  for (const entry of entries) {
    checkStreamtype(entry, names, report)
  }
  checkRideshares(streamtypes, report)
  checkPorts(entries, report)
  checkCertificates(certs, stores, entries, report)
  checkOrder(sections, report)
  const section = sections.get('s')
  if (streamtypes.size === 0 && (section === undefined || section.type === 'array')) {
    report.warning('no-streamtypes', section ?? root, 'the policy has no streamtypes')
  }
}

function namesOf({ retries, certs, stores, auths, streamtypes }: PolicyParts): Names {
  return {
    sections: {
      retry: new NameIndex(retries.keys()),
      certs: new NameIndex(certs.keys()),
      trust_stores: new NameIndex(stores.keys()),
      auth: new NameIndex(auths.keys()),
      s: new NameIndex(streamtypes.keys()),
    },
    auth: (name) => auths.get(name)?.value,
  }
}

/** A proxy follows `rideshare` to its end, and would never come to the end of a ring. */
function checkRideshares(streamtypes: Named<StreamtypeEntry>, report: Report): void {
  const ends = new Set<string>()
  for (const name of streamtypes.keys()) {
    const chain = new Set<string>()
    let at: string | undefined = name
    while (at !== undefined && !ends.has(at) && !chain.has(at)) {
      chain.add(at)
      at = streamtypes.get(at)?.value.value.rideshare
    }
    if (at !== undefined && chain.has(at)) {
      const { node } = streamtypes.get(at) as { node: PolicyNode }
      const place = memberFor('streamtype', node, 'rideshare') ?? node
      report.error('rideshare-loop', place, `${quote(at)} rideshares with itself in the end`)
    }
    for (const link of chain) {
      ends.add(link)
    }
  }
}

const USERS = { certs: 'trust_stores', retry: 's', trust_stores: 's', auth: 's' } as const

/** The order of sections does not matter here, but lws itself would refuse the same file. */
function checkOrder(sections: ReadonlyMap<SectionName, PolicyNode>, report: Report): void {
  const order = Array.from(sections.keys())
  for (const [section, user] of Object.entries(USERS) as [SectionName, SectionName][]) {
    const node = sections.get(section)
    if (
      node !== undefined &&
      order.indexOf(user) !== -1 &&
      order.indexOf(user) < order.indexOf(section)
    ) {
      report.info(
        'forward-reference',
        node,
        `"${section}" stands after "${user}"; other users of lws need it before`,
      )
    }
  }
}
