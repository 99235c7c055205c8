// The names of a policy that a streamtype can refer to.
import type { Auth } from '../form/types.js'
import type { Section } from '../table/key-spec.js'
import type { NameIndex } from './name-index.js'

/** The names that streamtypes can refer to. */
export interface Names {
  readonly sections: Readonly<Record<Exclude<Section, 'metadata'>, NameIndex>>
  auth(name: string): Auth | undefined
}
