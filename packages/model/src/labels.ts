/** Label of the metric name. */
export const METRIC_NAME = '__name__'

/**
 * Compares by the bytes of the UTF-8 form, which is how Prometheus orders names and values. JavaScript's own order is
 * by UTF-16 unit and differs where a surrogate meets U+E000…U+FFFF.
 */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return orderOfUnit(x) - orderOfUnit(y)
  }
  return a.length - b.length
}

function orderOfUnit(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

/**
 * The identity of a series: distinct names, sorted by the bytes of the name, none with an empty value.
 * Immutable; `pairs` is `[name0, value0, name1, value1, …]`.
 */
export class Labels {
  static readonly EMPTY: Labels = new Labels([])
  readonly pairs: readonly string[]
  #key: string | undefined

  private constructor(pairs: readonly string[]) {
    this.pairs = pairs
  }

  /** Takes pairs that are already sorted by name, distinct and non-empty; not checked, not copied. */
  static fromSorted(pairs: readonly string[]): Labels {
    return pairs.length === 0 ? Labels.EMPTY : new Labels(pairs)
  }

  /** Sorts; drops empty values; of a name that is given twice the last one wins. */
  static from(
    entries: Iterable<readonly [name: string, value: string]> | Readonly<Record<string, string>>,
  ): Labels {
    const source =
      Symbol.iterator in entries ? (entries as Iterable<readonly [string, string]>) : Object.entries(entries)
    const byName = new Map<string, string>()
    for (const [name, value] of source) byName.set(name, value)
    const names = [...byName.keys()].filter((name) => byName.get(name) !== '').sort(compareUtf8)
    const pairs: string[] = []
    for (const name of names) pairs.push(name, byName.get(name)!)
    return Labels.fromSorted(pairs)
  }

  /** Number of labels. */
  get size(): number {
    return this.pairs.length / 2
  }

  /** The value, or `''` when the label is absent: to Prometheus both are the same. */
  get(name: string): string {
    const { pairs } = this
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return pairs[i + 1]!
    return ''
  }

  has(name: string): boolean {
    return this.get(name) !== ''
  }

  get metricName(): string {
    return this.get(METRIC_NAME)
  }

  /** With `name` set; an empty `value` removes it. */
  with(name: string, value: string): Labels {
    const pairs: string[] = []
    let placed = value === ''
    for (const [key, old] of this) {
      if (!placed && compareUtf8(name, key) <= 0) {
        pairs.push(name, value)
        placed = true
      }
      if (key !== name) pairs.push(key, old)
    }
    if (!placed) pairs.push(name, value)
    return Labels.fromSorted(pairs)
  }

  without(...names: readonly string[]): Labels {
    return this.filter((name) => !names.includes(name))
  }

  keep(...names: readonly string[]): Labels {
    return this.filter((name) => names.includes(name))
  }

  filter(wanted: (name: string, value: string) => boolean): Labels {
    const pairs: string[] = []
    for (const [name, value] of this) if (wanted(name, value)) pairs.push(name, value)
    return pairs.length === this.pairs.length ? this : Labels.fromSorted(pairs)
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let i = 0; i < this.pairs.length; i += 2) yield [this.pairs[i]!, this.pairs[i + 1]!]
  }

  /** A string that is equal for equal labels only (each part goes with its length). For `Map` keys. */
  key(): string {
    if (this.#key === undefined) {
      let key = ''
      for (const part of this.pairs) key += `${part.length}:${part}`
      this.#key = key
    }
    return this.#key
  }

  equals(other: Labels): boolean {
    const { pairs } = this
    if (pairs.length !== other.pairs.length) return false
    for (let i = 0; i < pairs.length; i++) if (pairs[i] !== other.pairs[i]) return false
    return true
  }

  /** Prometheus's order of series: name by name, value by value, then the shorter one first. */
  compare(other: Labels): number {
    const length = Math.min(this.pairs.length, other.pairs.length)
    for (let i = 0; i < length; i++) {
      const order = compareUtf8(this.pairs[i]!, other.pairs[i]!)
      if (order !== 0) return order
    }
    return this.pairs.length - other.pairs.length
  }

  toObject(): Record<string, string> {
    const object: Record<string, string> = {}
    for (let i = 0; i < this.pairs.length; i += 2)
      // A label may be called so, and must not become the object's prototype.
      if (this.pairs[i] === '__proto__') return Object.fromEntries(this)
      else object[this.pairs[i]!] = this.pairs[i + 1]!
    return object
  }

  /** `{a="b", c="d"}`, with names outside the classic set quoted. The metric name is shown as a label. */
  toString(): string {
    const parts = [...this].map(([name, value]) => `${quoteLabelName(name)}=${quote(value)}`)
    return `{${parts.join(', ')}}`
  }
}

const CLASSIC_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const CLASSIC_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

export function isClassicLabelName(name: string): boolean {
  return CLASSIC_LABEL_NAME.test(name)
}

export function isClassicMetricName(name: string): boolean {
  return CLASSIC_METRIC_NAME.test(name)
}

function quoteLabelName(name: string): string {
  return isClassicLabelName(name) ? name : quote(name)
}

/** `name{a="b"}` as PromQL writes a series; a name outside the classic set goes quoted into the braces. */
export function formatSeries(labels: Labels): string {
  const name = labels.metricName
  if (name === '') return labels.toString()
  const rest = labels.without(METRIC_NAME)
  if (!isClassicMetricName(name)) {
    const inner = rest.toString().slice(1, -1)
    return `{${quote(name)}${inner === '' ? '' : `, ${inner}`}}`
  }
  return rest.size === 0 ? name : `${name}${rest.toString()}`
}

/** Text that needs no escapes: printable ASCII but for `"` and `\\`. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/

/** Go's `strconv.Quote`: double quotes, `\n`-like escapes, `\x..` and `\u....` for what does not print. */
export function quote(text: string): string {
  if (PLAIN_TEXT.test(text)) return `"${text}"`
  let out = '"'
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (character === '"' || character === '\\') out += `\\${character}`
    else if (code === 10) out += '\\n'
    else if (code === 13) out += '\\r'
    else if (code === 9) out += '\\t'
    else if (code === 7) out += '\\a'
    else if (code === 8) out += '\\b'
    else if (code === 12) out += '\\f'
    else if (code === 11) out += '\\v'
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, '0')}`
    else if (/\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/u.test(character))
      out +=
        code > 0xffff
          ? `\\U${code.toString(16).padStart(8, '0')}`
          : `\\u${code.toString(16).padStart(4, '0')}`
    else out += character
  }
  return `${out}"`
}
