// Keeps the streamtype that fetches policies when a fetched policy has none.
import type { Policy, Streamtype } from '../form/types.js'

/** The streamtype that fetches the policy's successor. */
export const FETCH_POLICY = 'fetch_policy'

type Records<T> = readonly Readonly<Record<string, T>>[]

/**
 * The successor of a policy, with the streamtype by which it was fetched unless it has one of its
 * own, and with what that streamtype refers to.
 */
export function keepFetchPolicy(successor: Policy, predecessor: Policy): Policy {
  const definition = find(predecessor.s, FETCH_POLICY)
  if (!definition || find(successor.s, FETCH_POLICY)) return successor
  const { rideshare: _, ...fetch } = definition
  const { retry, certs, trust_stores, auth } = successor
  const kept = {
    retry: [...retry],
    certs: [...certs],
    trust_stores: [...trust_stores],
    auth: [...auth],
  }

  const keepCert = (name: string): string => {
    const own = freeName(name, namesOf(kept.certs))
    kept.certs.push({ [own]: find(predecessor.certs, name) ?? '' })
    return own
  }
  const references: Partial<Streamtype> = {}
  const scheme = fetch.retry === undefined ? undefined : find(predecessor.retry, fetch.retry)
  if (fetch.retry !== undefined && scheme) {
    references.retry = freeName(fetch.retry, namesOf(kept.retry))
    kept.retry.push({ [references.retry]: scheme })
  }
  const store = predecessor.trust_stores.find(({ name }) => name === fetch.tls_trust_store)
  if (store) {
    const name = freeName(
      store.name,
      kept.trust_stores.map((other) => other.name),
    )
    references.tls_trust_store = name
    kept.trust_stores.push({ name, stack: store.stack.map(keepCert) })
  }
  const login = predecessor.auth.find(({ name }) => name === fetch.use_auth)
  if (login) {
    const name = freeName(
      login.name,
      kept.auth.map((other) => other.name),
    )
    references.use_auth = name
    kept.auth.push({ ...login, name })
  }
  return {
    ...successor,
    ...kept,
    s: [...successor.s, { [FETCH_POLICY]: { ...fetch, ...references } }],
  }
}

function find<T>(records: Records<T>, name: string): T | undefined {
  for (const record of records) if (Object.hasOwn(record, name)) return record[name]
  return undefined
}

function namesOf(records: Records<unknown>): string[] {
  return records.flatMap((record) => Object.keys(record))
}

function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted
  for (let count = 2; taken.includes(name); count++) name = `${wanted}_${count}`
  return name
}
