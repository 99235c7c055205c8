// Colours of what `lws-ss` prints, where they are wanted: on a terminal, or with FORCE_COLOR; not with NO_COLOR.
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'

export type Colour = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan'

/** The text as `stream` shows it. */
export function paint(text: string, colour: Colour, stream: WriteStream): string {
  return styleText(colour, text, { stream })
}
