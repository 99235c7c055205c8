// What a page may say: nothing else gets on the board, or to other pages.

const COLOURS = 8
const WIDTHS = 3
const BOARD = [4000, 3000]

const isNumber = (value, end) => Number.isInteger(value) && value >= 0 && value < end
const isOnBoard = (value, n) => isNumber(value, BOARD[n % 2] + 1)
const arePoints = (values, most) =>
  Array.isArray(values) &&
  values.length > 0 &&
  values.length <= most &&
  values.length % 2 === 0 &&
  values.every(isOnBoard)

/**
 * What a message of a page says: `line`, `colour`, `width` and `points` to draw, `at` where its pointer is,
 * `undo` the number of a line, or `wipe`. `undefined` when it says something else.
 */
export function toWords(text) {
  let said
  try {
    said = JSON.parse(text)
  } catch {
    return undefined
  }
  const { line, colour, width, points, at, undo, wipe } = Object(said)
  if (arePoints(points, 1000))
    return isNumber(line, 2 ** 31) && isNumber(colour, COLOURS) && isNumber(width, WIDTHS)
      ? { line, colour, width, points }
      : undefined
  if (arePoints(at, 2)) return { at }
  if (isNumber(undo, 2 ** 31)) return { undo }
  return wipe === true ? { wipe } : undefined
}
