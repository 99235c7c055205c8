// The median, and how far values are spread.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** How far the middle half of the values reaches, as a share of the median. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const quartile = (n) => sorted[Math.round(((sorted.length - 1) * n) / 4)]
  return (quartile(3) - quartile(1)) / median(values)
}
