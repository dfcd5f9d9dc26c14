/** Text of one part of a long list: a millisecond of parsing. */
const PART_CHARS = 64 * 1024

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP, COMMA] = [34, 92, 91, 93, 123, 125, 44]

/**
 * Cuts the text of a JSON list into texts of shorter lists, so that a body of megabytes need not be parsed in one turn.
 * It does not check anything: each part is valid JSON where the whole is, and some part is not where the whole is not.
 * A text that is no list comes out as it is.
 */
export function* jsonListParts(text: string, partChars: number = PART_CHARS): Generator<string> {
  const first = text.search(/\S/)
  if (text.length <= partChars || first < 0 || text.charCodeAt(first) !== OPEN_LIST) return yield text
  let start = first + 1
  let depth = 1
  for (let i = start; i < text.length && depth > 0; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i + 1)
        break
      case OPEN_LIST:
      case OPEN_MAP:
        depth++
        break
      case CLOSE_LIST:
      case CLOSE_MAP:
        depth--
        break
      case COMMA:
        if (depth > 1 || i - start < partChars) break
        yield `[${text.slice(start, i)}]`
        start = i + 1
        // A comma needs something behind it: an empty rest must not look like an empty list.
        if (/^\s*\]/.test(text.slice(start, start + 64))) return yield '[,'
    }
  }
  yield `[${text.slice(start)}`
}

/** Position of the closing quote. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return text.length
}
