import type { LabelOffsets } from './label-list.ts'
import type { Lexer, Token } from './lexer.ts'
import { isUtf8, quoteBytes } from './quote-bytes.ts'

export interface LabelListRules {
  /** In an exemplar a quoted string alone is no metric name. */
  readonly isExemplar: boolean
  /** OpenMetrics wants commas between labels; the text format also takes blanks. */
  readonly needsComma: boolean
}

/** Labels of one series. A target that sends more means harm: upstream has no bound here. */
const LABELS_MAX = 10_000

/**
 * Reads `a="b", "c.d"="e"}` behind the opening brace and notes the offsets. A quoted string alone is the metric name.
 * @throws ExpositionError
 */
export function parseLabelList(lexer: Lexer, offsets: LabelOffsets, rules: LabelListRules): void {
  let token = lexer.lex()
  while (token !== 'BCLOSE') {
    if (token !== 'LNAME' && token !== 'QSTRING') throw lexer.unexpected('expected label name', token)
    if (offsets.at.length >= 4 * LABELS_MAX) throw lexer.whileParsing(`more than ${LABELS_MAX} labels`)
    const quoted = token === 'QSTRING' ? 1 : 0
    const nameStart = lexer.start + quoted
    const nameEnd = lexer.at - quoted
    if (quoted === 1 && !isUtf8(lexer.bytes, nameStart, nameEnd))
      throw lexer.error(`invalid UTF-8 name: ${quoteBytes(lexer.bytes, nameStart - 1, nameEnd + 1)}`)
    token = lexer.lex()
    if (quoted === 1 && (token === 'COMMA' || token === 'BCLOSE')) {
      takeMetricName(lexer, offsets, rules, token, nameStart, nameEnd)
      if (token === 'COMMA') token = lexer.lex()
      continue
    }
    if (token !== 'EQUAL') throw lexer.unexpected('expected equal', token)
    takeValue(lexer, offsets, nameStart, nameEnd)
    token = lexer.lex()
    if (token === 'COMMA') token = lexer.lex()
    else if (rules.needsComma && token !== 'BCLOSE')
      throw lexer.unexpected('expected comma or brace close', token)
  }
}

function takeMetricName(
  lexer: Lexer,
  offsets: LabelOffsets,
  rules: LabelListRules,
  token: Token,
  start: number,
  end: number,
): void {
  if (rules.isExemplar) throw lexer.unexpected('expected label name', token)
  if (offsets.nameStart >= 0) throw lexer.whileParsing('metric name already set')
  offsets.nameStart = start
  offsets.nameEnd = end
}

function takeValue(lexer: Lexer, offsets: LabelOffsets, nameStart: number, nameEnd: number): void {
  const token = lexer.lex()
  if (token !== 'LVALUE') throw lexer.unexpected('expected label value', token)
  if (!isUtf8(lexer.bytes, lexer.start, lexer.at))
    throw lexer.error(`invalid UTF-8 label value: ${quoteBytes(lexer.bytes, lexer.start, lexer.at)}`)
  offsets.at.push(nameStart, nameEnd, lexer.start + 1, lexer.at - 1)
}
