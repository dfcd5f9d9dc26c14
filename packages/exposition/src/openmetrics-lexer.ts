import { BRACE_OPEN, HASH, Lexer, LF, SPACE } from './lexer.ts'
import type { Token } from './lexer.ts'

export type OpenMetricsState =
  | 'init'
  | 'comment'
  | 'metaName'
  | 'metaText'
  | 'labels'
  | 'labelValue'
  | 'value'
  | 'timestamp'
  | 'exemplar'
  | 'exemplarValue'
  | 'exemplarTimestamp'

/** Tokens of OpenMetrics: exactly one space between parts, a line break after each line. */
export class OpenMetricsLexer extends Lexer {
  state: OpenMetricsState = 'init'

  lex(): Token {
    this.start = this.at
    if (this.at >= this.length) return 'EOF'
    switch (this.state) {
      case 'init':
        return this.#init()
      case 'comment':
        return this.#comment()
      case 'metaName':
        return this.#metaName()
      case 'metaText':
        return this.#metaText()
      case 'labels':
        return this.#labels()
      case 'labelValue':
        return this.#labelValue('labels')
      case 'value':
        if (this.bytes[this.at] === BRACE_OPEN) return this.#braceOpen()
        return this.#word('VALUE', 'timestamp')
      case 'timestamp':
        return this.#timestamp()
      case 'exemplar':
        return this.#exemplar()
      case 'exemplarValue':
        return this.bytes[this.at] === SPACE
          ? this.#word('VALUE', 'exemplarTimestamp')
          : this.#labelValue('exemplar')
      case 'exemplarTimestamp':
        return this.bytes[this.at] === LF ? this.#linebreak() : this.#word('TIMESTAMP', 'exemplarTimestamp')
    }
  }

  #init(): Token {
    const c = this.bytes[this.at]
    if (c === HASH && this.bytes[this.at + 1] === SPACE) {
      this.at += 2
      this.state = 'comment'
      return this.#comment()
    }
    if (c === BRACE_OPEN) return this.#braceOpen()
    if (!this.takeMetricName()) return 'INVALID'
    this.state = 'value'
    return 'MNAME'
  }

  #comment(): Token {
    for (const word of ['HELP', 'TYPE', 'UNIT'] as const)
      if (this.looksAt(`${word} `)) {
        this.at += 5
        this.state = 'metaName'
        return word
      }
    if (!this.looksAt('EOF')) return 'INVALID'
    this.at += 3
    if (this.at < this.length && this.bytes[this.at] === LF) this.at++
    this.state = 'init'
    return 'EOFWORD'
  }

  #metaName(): Token {
    const found = this.bytes[this.at] === 34 ? this.takeQuoted(true) : this.takeMetricName()
    if (!found) return 'INVALID'
    this.state = 'metaText'
    return 'MNAME'
  }

  #metaText(): Token {
    const end = this.bytes.indexOf(LF, this.at)
    if (this.bytes[this.at] !== SPACE || end < 0 || end >= this.length) return 'INVALID'
    this.at = end + 1
    this.state = 'init'
    return 'TEXT'
  }

  #labels(): Token {
    const token = this.labelToken()
    if (token === 'BCLOSE') this.state = 'value'
    if (token === 'EQUAL') this.state = 'labelValue'
    return token
  }

  #exemplar(): Token {
    const token = this.labelToken()
    if (token === 'BCLOSE' || token === 'EQUAL') this.state = 'exemplarValue'
    return token
  }

  #labelValue(next: OpenMetricsState): Token {
    const token = this.labelValueToken(false)
    if (token === 'LVALUE') this.state = next
    return token
  }

  #timestamp(): Token {
    if (this.bytes[this.at] === LF) return this.#linebreak()
    if (this.looksAt(' # {')) {
      this.at += 4
      this.state = 'exemplar'
      return 'COMMENT'
    }
    return this.#word('TIMESTAMP', 'timestamp')
  }

  /** A space and what follows up to the next space or line break; the token includes the space. */
  #word(token: Token, next: OpenMetricsState): Token {
    const { bytes, length } = this
    if (bytes[this.at] !== SPACE) return 'INVALID'
    let at = this.at + 1
    while (at < length && bytes[at] !== SPACE && bytes[at] !== LF) at++
    if (at === this.at + 1) return 'INVALID'
    this.at = at
    this.state = next
    return token
  }

  #braceOpen(): Token {
    this.at++
    this.state = 'labels'
    return 'BOPEN'
  }

  #linebreak(): Token {
    this.at++
    this.state = 'init'
    return 'LINEBREAK'
  }
}
