import { BRACE_OPEN, HASH, Lexer, LF, SPACE, TAB } from './lexer.ts'
import type { Token } from './lexer.ts'

export type TextState = 'init' | 'metaName' | 'metaText' | 'labels' | 'labelValue' | 'value' | 'timestamp'

/** Tokens of text 0.0.4 and 1.0.0: blanks are free between tokens, a missing last line break is made up. */
export class TextLexer extends Lexer {
  state: TextState = 'init'

  lex(): Token {
    const { bytes } = this
    if (this.state !== 'metaText') while (bytes[this.at] === SPACE || bytes[this.at] === TAB) this.at++
    this.start = this.at
    if (this.at > this.length) return 'EOF'
    switch (this.state) {
      case 'init':
        return this.#init()
      case 'metaName':
        if (bytes[this.at] !== 34) return this.#name('metaText')
        if (!this.takeQuoted(true)) return 'INVALID'
        this.state = 'metaText'
        return 'MNAME'
      case 'metaText':
        this.#takeLine()
        this.state = 'init'
        return 'TEXT'
      case 'labels':
        return this.#labels()
      case 'labelValue': {
        const token = this.labelValueToken(true)
        if (token === 'LVALUE') this.state = 'labels'
        return token
      }
      case 'value':
        return this.#value()
      case 'timestamp':
        if (bytes[this.at] === LF) return this.#linebreak()
        return this.takeDigits() ? 'TIMESTAMP' : 'INVALID'
    }
  }

  #init(): Token {
    const c = this.bytes[this.at]
    if (this.at === this.length) {
      this.at++
      return 'EOF'
    }
    if (c === LF) return this.#linebreak()
    if (c === HASH) return this.#comment()
    if (c === BRACE_OPEN) return this.#braceOpen()
    return this.#name('value')
  }

  #name(next: TextState): Token {
    if (!this.takeMetricName()) return 'INVALID'
    this.state = next
    return 'MNAME'
  }

  #comment(): Token {
    const { bytes } = this
    const from = ++this.at
    while (bytes[this.at] === SPACE || bytes[this.at] === TAB) this.at++
    const isMeta = this.at > from && (this.looksAt('HELP') || this.looksAt('TYPE'))
    const behind = bytes[this.at + 4]
    if (isMeta && (behind === SPACE || behind === TAB)) {
      const token = this.looksAt('HELP') ? 'HELP' : 'TYPE'
      this.at += 5
      this.state = 'metaName'
      return token
    }
    this.#takeLine()
    return 'COMMENT'
  }

  #takeLine(): void {
    const end = this.bytes.indexOf(LF, this.at)
    this.at = end < 0 || end > this.length ? this.length : end
  }

  #linebreak(): Token {
    this.at++
    this.state = 'init'
    return 'LINEBREAK'
  }

  #braceOpen(): Token {
    this.at++
    this.state = 'labels'
    return 'BOPEN'
  }

  #labels(): Token {
    const token = this.labelToken()
    if (token === 'BCLOSE') this.state = 'value'
    if (token === 'EQUAL') this.state = 'labelValue'
    return token
  }

  #value(): Token {
    const { bytes } = this
    if (bytes[this.at] === BRACE_OPEN) return this.#braceOpen()
    const from = this.at
    for (;;) {
      const c = bytes[this.at]!
      if (c === LF || c === SPACE || c === TAB || c === BRACE_OPEN) break
      this.at++
    }
    if (this.at === from) return 'INVALID'
    this.state = 'timestamp'
    return 'VALUE'
  }
}
