/** A case of what a client of ws says, and is to hear. */
import { CLOSE, closing, type FrameOptions, frame, TEXT } from './ws-peer.js'

/** What is said in one go, how much has to be heard before the rest is said, and all that is heard. */
export type Case = [
  name: string,
  said: readonly (readonly Uint8Array[])[],
  heard: readonly string[],
]

/** The most bytes that a message of these cases may have. */
export const LIMIT = 70_000
export const part: FrameOptions = { fin: false }
export const bytes = (...all: number[]) => Uint8Array.from(all)
export const a = (length: number) => 'a'.repeat(length)
export const hex = (number: number) => number.toString(16)

/** Ends a conversation in which nothing is wrong. */
export const bye = frame(CLOSE, closing(1000))
export const fine = (name: string, frames: readonly Uint8Array[], ...heard: string[]): Case => [
  name,
  [frames, [bye]],
  [...heard, 'close:1000'],
]
/** Something is wrong behind a message, which is answered first. */
export const later = (
  name: string,
  first: readonly Uint8Array[],
  then: Uint8Array,
  ...heard: string[]
): Case => [name, [first, [then, bye]], heard]
export const says = (name: string, frames: readonly Uint8Array[], ...heard: string[]): Case => [
  name,
  [frames],
  heard,
]
export const fails = (code: number, name: string, ...frames: readonly Uint8Array[]): Case => [
  name,
  // What comes behind is not read any more.
  [[...frames, frame(TEXT, 'too late'), bye]],
  [`close:${code}`],
]
