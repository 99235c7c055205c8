/** What a row of the table of policy keys says. */

/** A wire protocol of a streamtype. */
export type Protocol = 'h1' | 'h2' | 'ws' | 'mqtt' | 'raw'

/** Where a key may stand. */
export type Place = 'root' | 'retry' | 'trust_store' | 'auth' | 'metric' | 'streamtype'

/** What a name refers to. */
export type Section = 'retry' | 'certs' | 'trust_stores' | 'auth' | 's' | 'metadata'

/** The value that a key takes. */
export type ValueType =
  | { readonly kind: 'text'; readonly format?: TextFormat; readonly expands?: true }
  | {
      readonly kind: 'integer'
      readonly min: number
      readonly max: number
      /** Set when more than `max` is taken for `max`, with a warning. */
      readonly saturates?: true
    }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'reference'; readonly section: Section }
  | { readonly kind: 'protocol' }
  | { readonly kind: 'label' }
  | { readonly kind: 'delays' | 'stack' | 'metadata' | 'respmap' | 'list' | 'section' }

/** A narrower form of text. `message` may hold line breaks, everything else may not. */
export type TextFormat = 'message' | 'token' | 'socks'

/** An option of the build of lws. */
export type BuildOption = `LWS_${string}`

/** One row of the table. */
export interface KeySpec {
  readonly place: Place
  /** The spelling in a normal policy. */
  readonly name: string
  readonly type: ValueType
  /** What it does, in one sentence of Markdown. */
  readonly summary: string
  /** The heading of its section in the specification; null when that has none. */
  readonly heading: string | null
  /** The value that counts without the key. */
  readonly default?: string | number | boolean
  /** What counts without the key, where no value says so. */
  readonly absent?: string
  readonly unit?: 'ms' | 's' | 'bytes' | '%'
  /** A limit that the type does not tell, as a sentence without its full stop. */
  readonly limit?: string
  /** The option that lws has to be built with, or those for some beginnings of the value. */
  readonly needs?: BuildOption | Readonly<Record<string, BuildOption>>
  readonly required?: true
  /** The spelling that lws parses; absent when lws is not told. */
  readonly lws?: string
  /** Other spellings that are accepted. */
  readonly aliases?: readonly string[]
  /** The protocols that the key is for; absent: all. */
  readonly protocols?: readonly Protocol[]
  readonly role?: 'client' | 'server'
  /**
   * Set when lws keeps the value in a C union, so that a key of the wrong protocol or role would
   * overwrite another key's value.
   */
  readonly union?: 'http' | 'mqtt' | 'trust'
  /** Why the key does nothing in lws 4.3.5. */
  readonly inert?: string
  /** False when a policy in normal form lacks the key. */
  readonly normal?: false
}

/** Whether lws would keep the key's value where a key of this protocol has its own. */
export function isClobbering({ union }: KeySpec, protocol: Protocol): boolean {
  return protocol === 'mqtt' ? union === 'http' : union === 'mqtt' && protocol !== 'raw'
}
