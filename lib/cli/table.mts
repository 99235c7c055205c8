// A table of text that fits a terminal.
import stringWidth from 'string-width'

const WIDTH = 80
const GAP = 2
// Narrower columns are hard to read.
const LEAST = 8

/** The parts of a text behind which a line may end. */
const pieces = (text: string) =>
  text.match(/(?:\$\{[^}]*\}|[^\s,/?&])*[\s,/?&]?/gu)?.filter(Boolean) ?? []

/** Cuts a text into lines of at most `width` columns, where words end as far as possible. */
function wrapped(text: string, width: number): string[] {
  if (text.includes('\n')) return text.split('\n').flatMap((line) => wrapped(line, width))
  const lines: string[] = []
  let line = ''
  const end = () => {
    lines.push(line.trimEnd())
    line = ''
  }
  for (const piece of pieces(text)) {
    if (line !== '' && stringWidth(line + piece.trimEnd()) > width) end()
    for (const sign of piece) {
      if (stringWidth((line + sign).trimEnd()) > width) end()
      line += sign
    }
  }
  end()
  return lines
}

/** How wide each column is: as its longest cell, unless that is more than there is room for. */
function widthsOf(rows: readonly (readonly string[])[], room: number): number[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(
      ...rows.flatMap((row) => (row[column] ?? '').split('\n').map((line) => stringWidth(line))),
    ),
  )
  const total = () => widths.reduce((sum, width) => sum + width + GAP, -GAP)
  for (let excess = total() - room; excess > 0; excess--) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] as number) <= LEAST) break
    ;(widths[widest] as number)--
  }
  return widths
}

const padded = (text: string, width: number) =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)))

/**
 * Lines as long as the terminal of standard output is wide, otherwise of at most 80 columns; a cell that
 * is longer than its column goes on below.
 *
 * @param style - what becomes of the lines of the first row, which is the head
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  style: (line: string) => string,
): string[] {
  const widths = widthsOf(rows, process.stdout.columns || WIDTH)
  return rows.flatMap((row, at) => {
    const cells = row.map((cell, column) => wrapped(cell, widths[column] as number))
    const height = Math.max(...cells.map(({ length }) => length))
    return Array.from({ length: height }, (_, line) => {
      const parts = cells.map((cell, column) => padded(cell[line] ?? '', widths[column] as number))
      const text = parts.join(' '.repeat(GAP)).trimEnd()
      return at === 0 ? style(text) : text
    })
  })
}
