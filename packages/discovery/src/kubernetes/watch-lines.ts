/** The API server keeps objects below 1.5 MiB; an event carries one. */
export const EVENT_BYTES_MAX: number = 16 * 1024 * 1024

/**
 * The lines of a watch, each with an event; blank ones are left out, and so is a last one that does not end: the connection broke in it.
 * @throws Error when a line is longer than `bytesMax`
 */
export async function* watchLines(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number = EVENT_BYTES_MAX,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = []
  let total = 0
  for await (const chunk of body) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (total + end - start > bytesMax) throw tooLong(bytesMax)
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8')
      parts = []
      total = 0
      start = end + 1
      if (line.trim() !== '') yield line
    }
    if (start < chunk.length) parts.push(chunk.subarray(start))
    total += chunk.length - start
    if (total > bytesMax) throw tooLong(bytesMax)
  }
}

function tooLong(bytesMax: number): Error {
  return new Error(`an event of the watch exceeds ${bytesMax} bytes`)
}
