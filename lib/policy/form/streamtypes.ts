// Types that know the streamtypes of one policy.
import type { PolicyInput, StreamtypeInput } from './types.js'

/** A type without a property of its own would accept objects with any property. */
declare const nothing: unique symbol
declare const streamtypes: unique symbol

type ValuesOf<Name extends string> = {
  readonly [N in Name | typeof nothing]?: string | Uint8Array
}
/** What `direct_proto_str` lets metadata be named by. */
type Header = `${string}:`

/** What types know of one streamtype: the names of its metadata. */
export interface Declares<Name extends string> {
  /** The names as a union; `never` for none. */
  readonly names: Name
  /** Values of the metadata, by name; text is UTF-8. */
  readonly values: string extends Name
    ? AnyStreamtype['values']
    : Header extends Name
      ? ValuesOf<Name> & { readonly [header: Header]: string | Uint8Array }
      : ValuesOf<Name>
}

/** A streamtype of which types know nothing. */
export interface AnyStreamtype {
  /** Any name. */
  readonly names: string
  /** Values of the metadata, by name; text is UTF-8. */
  readonly values: Readonly<Record<string, string | Uint8Array>>
}

/** What types know of a policy: its streamtypes, each as {@link Declares} says. */
export type Streamtypes<T> = { readonly [N in keyof T]: AnyStreamtype }

/** Any streamtype with any metadata, which is what a policy without types allows. */
export interface AnyStreamtypes {
  readonly [streamtype: string]: AnyStreamtype
}

/** A policy that is known to types, as {@link definePolicy} returns it. */
export interface DefinedPolicy<T> {
  /** @internal Exists in types only. */
  readonly [streamtypes]: T
}

type KeysOfEach<U> = U extends unknown ? keyof U & string : never
type ItemsOf<L> = Extract<L, readonly unknown[]>[number]
type Sections<P> = P extends { s?: infer S } ? ItemsOf<S> : never
type Definition<E, N> = E extends unknown ? (N extends keyof E ? E[N] : never) : never
type NamesIn<D> = D extends { metadata?: infer M } ? KeysOfEach<ItemsOf<M>> : never
type HeadersIn<D> = D extends { direct_proto_str: true } ? Header : never

type StreamtypesIn<E> = {
  readonly [N in KeysOfEach<E>]: Declares<NamesIn<Definition<E, N>> | HeadersIn<Definition<E, N>>>
}

/**
 * The streamtypes of a policy whose type is as it was written. Inferred, so that messages and
 * declarations show the names instead of this with the whole policy in it.
 */
export type StreamtypesOf<P> =
  StreamtypesIn<Sections<P>> extends infer T ? { readonly [N in keyof T]: T[N] } : never

type Only<T, Known> = { readonly [K in keyof T]: K extends keyof Known ? T[K] : never }

/** What a value is not that should be a name, or name metadata: what is `known` there. */
export interface NameOf<Known> {
  readonly known: Known
}
/** Names that are not known to types, such as those of a list that is put together, are not checked. */
type Checked<V, Known> = string extends V | Known ? V : V extends Known ? V : V & NameOf<Known>
type Uses<T> = T extends `${string}\${${infer Name}}${infer Rest}` ? Name | Uses<Rest> : never
type Expanding =
  | 'endpoint'
  | 'http_url'
  | `mqtt_${'topic' | 'subscribe' | 'will_topic' | 'will_message' | 'birth_topic' | 'birth_message'}`
type CheckedUses<V, Known> = string extends V | Known
  ? V
  : [Exclude<Uses<V>, Known>] extends [never]
    ? V
    : V & NameOf<Known>

type StackName<T> = T extends { name: infer N extends string } ? N : keyof T & string
type NamesOf<P> = {
  retry: P extends { retry: infer L } ? KeysOfEach<ItemsOf<L>> : never
  tls_trust_store: P extends { trust_stores: infer L }
    ? ItemsOf<L> extends infer T
      ? T extends unknown
        ? StackName<T>
        : never
      : never
    : never
  use_auth: P extends { auth: infer L } ? (ItemsOf<L> & { name: string })['name'] : never
}

type OnlyKnown<D, Names> = {
  readonly [K in keyof D]: K extends keyof Names
    ? Checked<D[K], Names[K]>
    : K extends Expanding
      ? CheckedUses<D[K], NamesIn<D> | HeadersIn<D>>
      : K extends keyof StreamtypeInput
        ? D[K]
        : never
}
type OnlyKnownIn<S, Names> = {
  readonly [I in keyof S]: { readonly [N in keyof S[I]]: OnlyKnown<S[I][N], Names> }
}

/**
 * The type of a policy that is written in the program, in which a key of another name can have no value,
 * and no other names can be referred to than those that the policy has.
 */
export type OnlyPolicyKeys<P> = Omit<Only<P, PolicyInput>, 's'> &
  (P extends { s: infer S } ? { readonly s: OnlyKnownIn<S, NamesOf<P>> } : unknown)

/**
 * A policy that is a JSON module, of whose strings types know nothing but that they are. What is written
 * in the program is none: its lists are known to be as they are, and cannot be changed.
 */
export interface JsonPolicy {
  s?: object[]
}

// Of a JSON module it is any number; of what is written in the program it is known.
type LengthOf<P> = P extends { s: { length: infer L } } ? L : 0

/** What a policy has to be besides what it is. */
export type CheckedPolicy<P> = [P] extends [PolicyInput]
  ? OnlyPolicyKeys<P>
  : number extends LengthOf<P>
    ? unknown
    : PolicyInput
