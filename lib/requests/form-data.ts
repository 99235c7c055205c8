/** The body of a request that a `FormData` is. */

/**
 * A form as the platform's `fetch()` encodes it, as a Blob in which its files are, unread: so its length
 * is known, and it can be read again for another attempt.
 *
 * @returns the Blob, whose type has the boundary
 */
export async function encodeForm(form: FormData): Promise<Blob> {
  const withoutFiles = new FormData()
  const files: Blob[] = []
  for (const [name, value] of form as Iterable<[string, string | File]>) {
    if (typeof value === 'string') withoutFiles.append(name, value)
    else withoutFiles.append(name, new File([], value.name, { type: value.type }))
    files.push(typeof value === 'string' ? new Blob([]) : value)
  }
  const encoded = new Response(withoutFiles)
  const type = encoded.headers.get('content-type') as string
  const bytes = Buffer.from(await encoded.arrayBuffer())
  const delimiter = `\r\n--${type.slice(type.indexOf('boundary=') + 'boundary='.length)}`
  const pieces: (Uint8Array<ArrayBuffer> | Blob)[] = []
  let from = 0
  for (const file of files) {
    // Each part ends at the next delimiter, and there the file was left out.
    const end = bytes.indexOf(delimiter, from + 1)
    pieces.push(bytes.subarray(from, end), file)
    from = end
  }
  return new Blob([...pieces, bytes.subarray(from)], { type })
}
