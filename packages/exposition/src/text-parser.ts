import type { Labels } from '@promontory/model'
import type { EntryKind, ExpositionType, ParsedExemplar, TextParser } from './entry.ts'
import { parseGoFloat } from './go-float.ts'
import { buildLabels, LabelOffsets, unescapeHelp } from './label-list.ts'
import { parseLabelList } from './label-list-parser.ts'
import { LF } from './lexer.ts'
import type { Token } from './lexer.ts'
import { decodeUtf8, isUtf8 } from './quote-bytes.ts'
import { TextLexer } from './text-lexer.ts'

const TYPES: ReadonlyMap<string, ExpositionType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
])

/** Longest number of digits of a timestamp: int64 milliseconds. */
const TIMESTAMP_MAX = 9_223_372_036_854_775_807n

/** The text format, versions 0.0.4 and 1.0.0. */
export class PrometheusTextParser implements TextParser {
  readonly #lexer = new TextLexer()
  readonly #offsets = new LabelOffsets()
  seriesStart = 0
  seriesEnd = 0
  value = 0
  hasTime = false
  timeMs = 0
  readonly exemplar: ParsedExemplar | undefined = undefined
  metricName = ''
  text = ''
  type: ExpositionType = 'unknown'

  get position(): number {
    return this.#lexer.at
  }

  set position(at: number) {
    this.#lexer.at = at
    this.#lexer.state = 'init'
  }

  reset(bytes: Uint8Array, length: number): void {
    bytes[length] = LF
    this.#lexer.bytes = bytes
    this.#lexer.length = length
    this.position = 0
    this.type = 'unknown'
  }

  next(): EntryKind {
    const lexer = this.#lexer
    for (;;) {
      lexer.entryStart = lexer.at
      const token = lexer.lex()
      switch (token) {
        case 'EOF':
          return 'end'
        case 'LINEBREAK':
          continue
        case 'HELP':
        case 'TYPE':
          return this.#metadata(token)
        case 'COMMENT':
          this.#expectLinebreak('linebreak expected after comment')
          return 'comment'
        case 'MNAME':
        case 'BOPEN':
          this.#series(token)
          return 'series'
        default:
          throw lexer.unexpected('expected a valid start token', token)
      }
    }
  }

  labels(): Labels {
    try {
      return buildLabels(this.#lexer.bytes, this.#offsets, this.type)
    } catch (error) {
      throw this.#lexer.error((error as Error).message)
    }
  }

  sampleTail(seriesStart: number, at: number): void {
    const lexer = this.#lexer
    lexer.entryStart = seriesStart
    lexer.at = at
    lexer.state = 'value'
    this.#suffix(lexer.lex())
  }

  #metadata(kind: 'HELP' | 'TYPE'): EntryKind {
    const lexer = this.#lexer
    const token = lexer.lex()
    if (token !== 'MNAME') throw lexer.unexpected(`expected metric name after ${kind}`, token)
    const isQuoted = lexer.bytes[lexer.start] === 34 ? 1 : 0
    this.metricName = decodeUtf8(lexer.bytes, lexer.start + isQuoted, lexer.at - isQuoted)
    lexer.lex()
    const from = Math.min(lexer.start + 1, lexer.at)
    const isType = kind === 'TYPE'
    if (!isType && !isUtf8(lexer.bytes, from, lexer.at))
      throw lexer.error(`help text of ${this.metricName} is not a valid utf8 string`)
    const text = decodeUtf8(lexer.bytes, from, lexer.at)
    if (isType) this.#setType(text)
    else this.text = unescapeHelp(text)
    this.#expectLinebreak('linebreak expected after metadata')
    return isType ? 'type' : 'help'
  }

  #setType(text: string): void {
    const type = TYPES.get(text)
    if (type === undefined)
      throw this.#lexer.error(`invalid metric type ${JSON.stringify(text.slice(0, 100))}`)
    this.type = type
  }

  #expectLinebreak(expected: string): void {
    const token = this.#lexer.lex()
    if (token !== 'LINEBREAK') throw this.#lexer.unexpected(expected, token)
  }

  #series(first: 'MNAME' | 'BOPEN'): void {
    const lexer = this.#lexer
    const offsets = this.#offsets
    offsets.clear()
    this.seriesStart = lexer.start
    if (first === 'MNAME') {
      offsets.nameStart = lexer.start
      offsets.nameEnd = lexer.at
    }
    this.seriesEnd = lexer.at
    let token: Token = first === 'BOPEN' ? first : lexer.lex()
    if (token === 'BOPEN') {
      parseLabelList(lexer, offsets, { isExemplar: false, needsComma: false })
      this.seriesEnd = lexer.at
      token = lexer.lex()
    }
    if (offsets.nameStart < 0) throw lexer.whileParsing('metric name not set')
    this.#suffix(token)
  }

  #suffix(token: Token): void {
    const lexer = this.#lexer
    if (token !== 'VALUE') throw lexer.unexpected('expected value after metric', token)
    try {
      this.value = parseGoFloat(lexer.bytes, lexer.start, lexer.at)
    } catch (error) {
      throw lexer.whileParsing((error as Error).message)
    }
    this.hasTime = false
    const behind = lexer.lex()
    if (behind === 'LINEBREAK') return
    if (behind !== 'TIMESTAMP') throw lexer.unexpected('expected timestamp or new record', behind)
    this.hasTime = true
    this.timeMs = this.#timestamp()
    this.#expectLinebreak('expected next entry after timestamp')
  }

  #timestamp(): number {
    const lexer = this.#lexer
    const digits = decodeUtf8(lexer.bytes, lexer.start, Math.min(lexer.at, lexer.start + 40))
    if (digits.length > 15 && BigInt(digits) > TIMESTAMP_MAX)
      throw lexer.whileParsing(`strconv.ParseInt: parsing "${digits}": value out of range`)
    return Number(digits)
  }
}
