import { quote } from '@promontory/model'
import { GoDuration } from '../exec/time.ts'
import { GoMap, GoSlice, GoStruct, SafeString, typeName, type Value } from '../exec/value.ts'
import { formatFloatAs, type FloatForm } from './float.ts'
import { show, showGoSyntax } from './print.ts'

/** A width or precision beyond this is bad, as in Go. */
const WIDTH_MAX = 1_000_000

interface Flags {
  minus: boolean
  plus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  width: number | undefined
  precision: number | undefined
}

/** Go's `fmt.Sprintf`, faults of the format included (`%!d(string=x)`, `%!(EXTRA int=1)`). */
export function sprintf(format: string, args: readonly Value[]): string {
  return new Printer(format, args).run()
}

class Printer {
  readonly #format: string
  readonly #args: readonly Value[]
  #at = 0
  #argument = 0
  #reordered = false
  #goodIndex = true

  constructor(format: string, args: readonly Value[]) {
    this.#format = format
    this.#args = args
  }

  run(): string {
    let out = ''
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf('%', this.#at)
      out += this.#format.slice(this.#at, percent < 0 ? undefined : percent)
      if (percent < 0) break
      this.#at = percent + 1
      out += this.#directive()
    }
    if (!this.#reordered && this.#argument < this.#args.length) out += this.#extra()
    return out
  }

  #extra(): string {
    const rest = this.#args.slice(this.#argument)
    const shown = rest.map((arg) => (arg === null ? '<nil>' : `${typeName(arg)}=${show(arg)}`))
    return `%!(EXTRA ${shown.join(', ')})`
  }

  #directive(): string {
    this.#goodIndex = true
    const flags = this.#flags()
    this.#argumentIndex()
    let bad = ''
    if (this.#format[this.#at] === '*') {
      const width = this.#starArgument()
      if (width === undefined) bad = '%!(BADWIDTH)'
      else {
        flags.minus ||= width < 0
        flags.width = Math.abs(width)
      }
    } else flags.width = this.#digits()
    if (this.#format[this.#at] === '.') {
      this.#at++
      this.#argumentIndex()
      if (this.#format[this.#at] === '*') {
        const precision = this.#starArgument()
        if (precision === undefined) bad += '%!(BADPREC)'
        else flags.precision = precision < 0 ? undefined : precision
      } else flags.precision = this.#digits() ?? 0
    }
    this.#argumentIndex()
    return bad + this.#verb(flags)
  }

  #verb(flags: Flags): string {
    const verb = this.#format.slice(this.#at, this.#at + 2).match(/^./su)?.[0]
    if (verb === undefined) return '%!(NOVERB)'
    this.#at += verb.length
    if (verb === '%') return '%'
    if (!this.#goodIndex) return `%!${verb}(BADINDEX)`
    if (this.#argument >= this.#args.length) return `%!${verb}(MISSING)`
    return formatVerb(verb, this.#args[this.#argument++]!, flags)
  }

  #flags(): Flags {
    const flags: Flags = {
      minus: false, plus: false, sharp: false, space: false, zero: false, width: undefined, precision: undefined,
    } // prettier-ignore
    for (; ; this.#at++) {
      const character = this.#format[this.#at]
      if (character === '-') flags.minus = true
      else if (character === '+') flags.plus = true
      else if (character === '#') flags.sharp = true
      else if (character === ' ') flags.space = true
      else if (character === '0') flags.zero = true
      else break
    }
    if (flags.minus) flags.zero = false
    return flags
  }

  #digits(): number | undefined {
    const match = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 8))
    if (match === null) return undefined
    this.#at += match[0].length
    return Math.min(Number(match[0]), WIDTH_MAX)
  }

  #starArgument(): number | undefined {
    this.#at++
    const arg = this.#args[this.#argument++]
    if (typeof arg !== 'bigint' || arg > WIDTH_MAX || arg < -WIDTH_MAX) return undefined
    return Number(arg)
  }

  /** `[n]`: the next argument is the n-th. */
  #argumentIndex(): void {
    if (this.#format[this.#at] !== '[') return
    this.#reordered = true
    const match = /^\[(\d{1,6})\]/.exec(this.#format.slice(this.#at))
    const index = match === null ? -1 : Number(match[1]) - 1
    if (match === null) this.#at++
    else this.#at += match[0].length
    if (index < 0 || index >= this.#args.length) this.#goodIndex = false
    else this.#argument = index
  }
}

function pad(text: string, { width, minus, zero }: Flags): string {
  const length = [...text].length
  if (width === undefined || length >= width) return text
  if (minus) return text + ' '.repeat(width - length)
  if (!zero) return ' '.repeat(width - length) + text
  const sign = /^[+\- ]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(width - length) + text.slice(sign.length)
}

function formatVerb(verb: string, value: Value, flags: Flags): string {
  if (verb === 'T') return pad(typeName(value), flags)
  if (value === null) return verb === 'v' ? pad('<nil>', flags) : `%!${verb}(<nil>)`
  if (verb === 'v' && flags.sharp) return pad(showGoSyntax(value), flags)
  switch (typeof value) {
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(String(value), { ...flags, zero: false }) : bad(verb, value)
    case 'bigint':
      return formatInteger(verb, value, flags) ?? bad(verb, value)
    case 'number':
      return formatFloating(verb, value, flags) ?? bad(verb, value)
    case 'string':
      return formatString(verb, value, flags) ?? bad(verb, value)
  }
  return formatObject(verb, value, flags)
}

function formatObject(
  verb: string,
  value: Exclude<Value, null | boolean | bigint | number | string>,
  flags: Flags,
): string {
  if (value.toGoString !== undefined && 'vsxXq'.includes(verb))
    return formatString(verb, value.toGoString(), flags)!
  if (value instanceof SafeString) return formatString(verb, value.text, flags) ?? bad(verb, value)
  if (value instanceof GoDuration) return formatInteger(verb, value.nanos, flags) ?? bad(verb, value)
  if (verb === 'v') return pad(show(value, flags.plus), flags)
  if (value instanceof GoSlice)
    return `[${value.items.map((item) => formatVerb(verb, item, flags)).join(' ')}]`
  if (value instanceof GoMap) {
    const parts = value
      .sortedKeys()
      .map((key) => `${formatVerb(verb, key, flags)}:${formatVerb(verb, value.entries.get(key)!, flags)}`)
    return `map[${parts.join(' ')}]`
  }
  if (value instanceof GoStruct)
    return `{${Object.values(value.fields)
      .map((field) => formatVerb(verb, field, flags))
      .join(' ')}}`
  return bad(verb, value)
}

function bad(verb: string, value: Value): string {
  return `%!${verb}(${typeName(value)}=${show(value)})`
}

const BASES: Readonly<Record<string, readonly [base: number, prefix: string]>> = {
  d: [10, ''], v: [10, ''], b: [2, '0b'], o: [8, '0'], O: [8, '0o'], x: [16, '0x'], X: [16, '0X'],
} // prettier-ignore

function formatInteger(verb: string, value: bigint, flags: Flags): string | undefined {
  const base = BASES[verb]
  if (base !== undefined) {
    let digits = (value < 0n ? -value : value).toString(base[0])
    if (flags.precision !== undefined)
      digits = flags.precision === 0 && value === 0n ? '' : digits.padStart(flags.precision, '0')
    if (verb === 'X') digits = digits.toUpperCase()
    if (flags.sharp || verb === 'O') digits = base[1] + digits
    const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''
    return pad(sign + digits, { ...flags, zero: flags.zero && flags.precision === undefined })
  }
  if (verb !== 'c' && verb !== 'q' && verb !== 'U') return undefined
  const code = value >= 0n && value <= 0x10ffffn ? Number(value) : 0xfffd
  const character = String.fromCodePoint(code)
  if (verb === 'c') return pad(character, flags)
  if (verb === 'q')
    return pad(`'${quote(character).slice(1, -1).replace('\\"', '"').replace(/^'$/, "\\'")}'`, flags)
  const hex = value.toString(16).toUpperCase().padStart(4, '0')
  return pad(flags.sharp ? `U+${hex} '${character}'` : `U+${hex}`, flags)
}

function formatFloating(verb: string, value: number, flags: Flags): string | undefined {
  const lower = verb.toLowerCase()
  if (!'efgv'.includes(lower) || verb === 'V') return undefined
  const form: FloatForm = lower === 'v' ? 'g' : (lower as FloatForm)
  const precision = flags.precision ?? (form === 'g' ? -1 : 6)
  let text = formatFloatAs(value, form, precision === -1 && flags.sharp ? 6 : precision, flags.sharp)
  if (/[EG]/.test(verb)) text = text.replace('e', 'E')
  if (text.startsWith('+') && !flags.plus) text = text.slice(1)
  // Infinities keep their sign only when asked: %v prints +Inf, %f +Inf as well.
  if (value === Infinity) text = '+Inf'
  else if (flags.plus && !/^[+-]/.test(text)) text = `+${text}`
  else if (flags.space && !/^[+-]/.test(text)) text = ` ${text}`
  return pad(text, { ...flags, zero: flags.zero && Number.isFinite(value) })
}

function formatString(verb: string, value: string, flags: Flags): string | undefined {
  const cut = flags.precision === undefined ? value : [...value].slice(0, flags.precision).join('')
  switch (verb) {
    case 's':
    case 'v':
      return pad(cut, { ...flags, zero: false })
    case 'q':
      return pad(flags.sharp && !/[`\p{Cc}]/u.test(cut) ? `\`${cut}\`` : quote(cut), {
        ...flags,
        zero: false,
      })
    case 'x':
    case 'X': {
      const bytes = [...new TextEncoder().encode(value)].slice(0, flags.precision)
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(flags.space ? ' ' : '')
      return pad(verb === 'X' ? hex.toUpperCase() : hex, flags)
    }
  }
  return undefined
}
