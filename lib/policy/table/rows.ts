/** What the rows of the table are made of. */
import type { KeySpec, Place, Protocol, Section, ValueType } from './key-spec.js'

/** The columns of a row that most keys leave empty. */
export type Extra = Partial<Omit<KeySpec, 'place' | 'name' | 'type' | 'summary'>>

const INT_MAX = 2_147_483_647

export const text: ValueType = { kind: 'text' }
export const expanded: ValueType = { kind: 'text', expands: true }
export const flag: ValueType = { kind: 'boolean' }
export const label: ValueType = { kind: 'label' }
export const section: ValueType = { kind: 'section' }
export const u16: ValueType = { kind: 'integer', min: 0, max: 65_535 }
/** lws reads these with `atoi()`, whatever it stores them in. */
export const size: ValueType = { kind: 'integer', min: 0, max: INT_MAX }
export const upTo = (max: number): ValueType => ({ kind: 'integer', min: 0, max })
/** As {@link upTo}, where a larger number can only mean as much as possible, and counts as `max`. */
export const saturating = (max: number): ValueType => ({
  kind: 'integer',
  min: 0,
  max,
  saturates: true,
})
export const to = (name: Section): ValueType => ({ kind: 'reference', section: name })

export const HTTP: readonly Protocol[] = ['h1', 'h2', 'ws']
export const TRANSACTIONAL: readonly Protocol[] = ['h1', 'h2']
export const MQTT: readonly Protocol[] = ['mqtt']

/** Columns of a key of which the specification says nothing. */
export const UNSPECIFIED = { heading: null }

/** A key whose section in the specification is named after it, unless `extra` says otherwise. */
export function at(
  place: Place,
  name: string,
  type: ValueType,
  summary: string,
  extra: Extra = {},
): KeySpec {
  return { place, name, type, summary, heading: `\`${name}\``, ...extra }
}

/** A streamtype key that lws knows by the same name. */
export function s(name: string, type: ValueType, summary: string, extra: Extra = {}): KeySpec {
  return at('streamtype', name, type, summary, {
    lws: name,
    ...(type.kind === 'boolean' && { default: false }),
    ...extra,
  })
}

/** A key of streamtypes that is accepted and does nothing. */
export function inert(name: string, type: ValueType, summary: string, why: string): KeySpec {
  return at('streamtype', name, type, summary, { inert: why, ...UNSPECIFIED })
}
