import { Labels } from '@promontory/model'
import type { EntryKind, ExpositionType, ParsedExemplar, TextParser } from './entry.ts'
import { parseGoFloat } from './go-float.ts'
import { buildLabels, LabelOffsets, unescapeLabelValue } from './label-list.ts'
import { parseLabelList } from './label-list-parser.ts'
import type { Token } from './lexer.ts'
import { OpenMetricsLexer } from './openmetrics-lexer.ts'
import { decodeUtf8, isUtf8 } from './quote-bytes.ts'

const TYPES: ReadonlySet<string> = new Set<ExpositionType>([
  'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown',
]) // prettier-ignore

/** OpenMetrics 0.0.1 and 1.0.0. `_created` lines are series like others, as upstream has it by default. */
export class OpenMetricsParser implements TextParser {
  readonly #lexer = new OpenMetricsLexer()
  readonly #offsets = new LabelOffsets()
  readonly #exemplarOffsets = new LabelOffsets()
  seriesStart = 0
  seriesEnd = 0
  value = 0
  hasTime = false
  timeMs = 0
  exemplar: ParsedExemplar | undefined
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
    bytes[length] = 0
    this.#lexer.bytes = bytes
    this.#lexer.length = length
    this.position = 0
    this.type = 'unknown'
  }

  next(): EntryKind {
    const lexer = this.#lexer
    lexer.entryStart = lexer.at
    const token = lexer.lex()
    switch (token) {
      case 'EOFWORD':
        if (lexer.lex() !== 'EOF') throw lexer.error('unexpected data after # EOF')
        return 'end'
      case 'EOF':
        throw lexer.error('data does not end with # EOF')
      case 'HELP':
      case 'TYPE':
      case 'UNIT':
        return this.#metadata(token)
      case 'MNAME':
      case 'BOPEN':
        this.#series(token)
        return 'series'
      default:
        throw lexer.unexpected('expected a valid start token', token)
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
    this.#endOfLine(lexer.lex())
  }

  #metadata(kind: 'HELP' | 'TYPE' | 'UNIT'): EntryKind {
    const lexer = this.#lexer
    const token = lexer.lex()
    if (token !== 'MNAME') throw lexer.unexpected(`expected metric name after ${kind}`, token)
    const isQuoted = lexer.bytes[lexer.start] === 34 ? 1 : 0
    this.metricName = decodeUtf8(lexer.bytes, lexer.start + isQuoted, lexer.at - isQuoted)
    if (lexer.lex() !== 'TEXT') throw lexer.error(`expected text in ${kind}`)
    const [from, to] = [lexer.start + 1, lexer.at - 1]
    if (kind === 'HELP' && !isUtf8(lexer.bytes, from, to))
      throw lexer.error(`help text of ${this.metricName} is not a valid utf8 string`)
    this.text = decodeUtf8(lexer.bytes, from, to)
    if (kind === 'HELP') {
      this.text = unescapeLabelValue(this.text)
      return 'help'
    }
    if (kind === 'UNIT') return this.#unit()
    if (!TYPES.has(this.text))
      throw lexer.error(`invalid metric type ${JSON.stringify(this.text.slice(0, 100))}`)
    this.type = this.text as ExpositionType
    return 'type'
  }

  #unit(): EntryKind {
    if (this.text !== '' && !this.metricName.endsWith(`_${this.text}`))
      throw this.#lexer.error(`unit "${this.text}" not a suffix of metric "${this.metricName}"`)
    return 'unit'
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
      parseLabelList(lexer, offsets, { isExemplar: false, needsComma: true })
      this.seriesEnd = lexer.at
      token = lexer.lex()
    }
    if (offsets.nameStart < 0) throw lexer.whileParsing('metric name not set')
    this.#endOfLine(token)
  }

  #endOfLine(token: Token): void {
    const lexer = this.#lexer
    this.exemplar = undefined
    this.value = this.#float(token, 'metric')
    this.hasTime = false
    let behind = lexer.lex()
    if (behind === 'TIMESTAMP') {
      this.hasTime = true
      this.timeMs = this.#timestamp('timestamp')
      behind = lexer.lex()
      if (behind !== 'LINEBREAK' && behind !== 'COMMENT')
        throw lexer.unexpected('expected next entry after timestamp', behind)
    }
    if (behind === 'EOF') throw lexer.error('data does not end with # EOF')
    if (behind === 'INVALID') throw lexer.unexpected('expected timestamp or new record', behind)
    if (behind === 'COMMENT') this.#exemplar()
  }

  #exemplar(): void {
    const lexer = this.#lexer
    const offsets = this.#exemplarOffsets
    offsets.clear()
    parseLabelList(lexer, offsets, { isExemplar: true, needsComma: true })
    const value = this.#float(lexer.lex(), 'exemplar labels')
    let timeMs: number | undefined
    let behind = lexer.lex()
    if (behind === 'EOF') throw lexer.error('data does not end with # EOF')
    if (behind === 'TIMESTAMP') {
      timeMs = this.#timestamp('exemplar timestamp')
      behind = lexer.lex()
      if (behind !== 'LINEBREAK')
        throw lexer.unexpected('expected next entry after exemplar timestamp', behind)
    } else if (behind !== 'LINEBREAK') throw lexer.unexpected('expected timestamp or comment', behind)
    this.exemplar = { labels: this.#exemplarLabels(), value, timeMs }
  }

  /** Upstream takes exemplar labels without unescaping them. */
  #exemplarLabels(): Labels {
    const { bytes } = this.#lexer
    const { at } = this.#exemplarOffsets
    const entries: [string, string][] = []
    for (let i = 0; i < at.length; i += 4)
      entries.push([decodeUtf8(bytes, at[i]!, at[i + 1]!), decodeUtf8(bytes, at[i + 2]!, at[i + 3]!)])
    return Labels.from(entries)
  }

  #float(token: Token, after: string): number {
    const lexer = this.#lexer
    if (token !== 'VALUE') throw lexer.unexpected(`expected value after ${after}`, token)
    try {
      return parseGoFloat(lexer.bytes, lexer.start + 1, lexer.at)
    } catch (error) {
      throw lexer.whileParsing((error as Error).message)
    }
  }

  /** Seconds with fraction, cut (not rounded) to milliseconds. */
  #timestamp(what: string): number {
    const lexer = this.#lexer
    let seconds: number
    try {
      seconds = parseGoFloat(lexer.bytes, lexer.start + 1, lexer.at)
    } catch (error) {
      throw lexer.whileParsing((error as Error).message)
    }
    if (!Number.isFinite(seconds)) throw lexer.error(`invalid ${what} ${seconds}`)
    return Math.trunc(seconds * 1000)
  }
}
