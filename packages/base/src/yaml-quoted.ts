/**
 * Go's YAML lets the further lines of a quoted text stand as far left as its key:
 *
 *     description: "first line
 *     second line"
 *
 * The YAML library does not. Leading blanks mean nothing inside such a text, so moving those lines to the right gives
 * a document that both read alike, with the same line numbers.
 * @param missingAt where the library missed the closing quote: the end of the text's line
 * @returns undefined when the text is not closed at all
 */
export function indentQuotedLines(source: string, missingAt: number, quote: '"' | "'"): string | undefined {
  const lineStart = source.lastIndexOf('\n', missingAt - 1) + 1
  const indent = /^[ -]*/.exec(source.slice(lineStart, missingAt))![0].length
  const close = closingQuote(source, missingAt, quote)
  if (close === undefined) return undefined
  const inside = source.slice(missingAt, close)
  if (!inside.includes('\n')) return undefined
  const moved = inside.replace(/\n(?=[^\n])/g, `\n${' '.repeat(indent + 1)}`)
  return source.slice(0, missingAt) + moved + source.slice(close)
}

function closingQuote(source: string, from: number, quote: '"' | "'"): number | undefined {
  for (let i = from; i < source.length; i++) {
    if (quote === '"' && source[i] === '\\') i++
    else if (source[i] === quote) {
      if (quote === '"' || source[i + 1] !== quote) return i
      i++
    }
  }
  return undefined
}
