/** What `Scanner.peek` and `Scanner.next` give behind the last character. */
export const END = ''

/** The text under the lexer's hand, character by character (Unicode code points). */
export class Scanner {
  readonly text: string
  position = 0

  constructor(text: string) {
    this.text = text
  }

  peek(): string {
    const code = this.text.codePointAt(this.position)
    return code === undefined ? END : String.fromCodePoint(code)
  }

  next(): string {
    const character = this.peek()
    this.position += character.length
    return character
  }

  /** Takes the next character when `wanted` contains it. */
  accept(wanted: string): boolean {
    if (!this.is(wanted)) return false
    this.position++
    return true
  }

  acceptRun(wanted: string): void {
    while (this.accept(wanted));
  }

  is(wanted: string): boolean {
    const character = this.peek()
    return character !== END && wanted.includes(character)
  }
}

export function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1
}

export function isAlpha(character: string): boolean {
  return /^[a-zA-Z_]$/.test(character)
}

export function isAlphaNumeric(character: string): boolean {
  return isAlpha(character) || isDigit(character)
}
