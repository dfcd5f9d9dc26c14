/** What stands in print for a secret, as everywhere in Prometheus. */
export const SECRET_TEXT = '<secret>'

/** A password or token. Every way of printing it gives `<secret>`; `reveal()` is the one way to the text. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  get isEmpty(): boolean {
    return this.#text === ''
  }

  toString(): string {
    return this.#text === '' ? '' : SECRET_TEXT
  }

  toJSON(): string {
    return this.toString()
  }
}
