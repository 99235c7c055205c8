/** Keeps a number of operations in flight. */

/** Performs `operations` of them, `inFlight` at a time. */
export async function keepInFlight(operations, inFlight, perform) {
  let begun = 0
  const worker = async () => {
    while (begun < operations) {
      begun++
      await perform()
    }
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, operations) }, worker))
}

/**
 * The same for what is answered by an event: `send` sends one, and each call of the function that
 * `listen` is given is one answer.
 */
export function echoRounds(inFlight, send, listen) {
  let begun = 0
  let answered = 0
  let wanted = 0
  let done = () => {}
  listen(() => {
    answered++
    if (begun < wanted) {
      begun++
      send()
    } else if (answered === wanted) {
      done()
    }
  })
  return (operations) =>
    new Promise((resolve) => {
      done = resolve
      begun = answered = 0
      wanted = operations
      while (begun < Math.min(inFlight, wanted)) {
        begun++
        send()
      }
    })
}

/** Counts bytes into answers of `size`, for protocols without messages. */
export function inPieces(size, answered) {
  let rest = 0
  return (data) => {
    rest += data.length
    while (rest >= size) {
      rest -= size
      answered()
    }
  }
}
