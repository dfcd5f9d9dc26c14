import type { Value } from '../exec/value.ts'
import * as script from './escape-script.ts'
import {
  escapeBody,
  escapeNormalised,
  escapeUnquoted,
  escapeUrl,
  FILTER_FAILSAFE,
  isSafeUrl,
  stripTags,
  textOf,
} from './escape.ts'

/**
 * Contextual escaping. Where Go analyses a template once, we follow the page as it is written: each literal piece moves
 * a small machine through HTML, attributes, URLs, scripts and styles, and each value is escaped for the place it
 * lands in. An escaped value never moves the machine out of its place.
 */
type Place =
  | 'text'
  | 'rcdata'
  | 'comment'
  | 'tag'
  | 'attrName'
  | 'afterName'
  | 'beforeValue'
  | 'value'
  | 'script'
  | 'style'
type ValueKind = 'plain' | 'url' | 'srcset' | 'script' | 'style'
type Quote = '"' | "'" | ''
type Inner = 'code' | 'dq' | 'sq' | 'template' | 'regexp' | 'lineComment' | 'blockComment'

const URL_ATTRIBUTES = new Set(
  'action archive background cite classid codebase data formaction href icon longdesc manifest poster profile src usemap xmlns'.split(
    ' ',
  ),
)

export class HtmlContext {
  #place: Place = 'text'
  /** Lower-case name of the element whose tag we are in, or whose raw content we are in. */
  #element = ''
  #attribute = ''
  #quote: Quote = ''
  #kind: ValueKind = 'plain'
  /** What of a URL came already: nothing, its path, or its `?`/`#`. */
  #url: 'start' | 'path' | 'query' = 'start'
  /** Inside scripts and styles. */
  #inner: Inner = 'code'
  #lastCode = ''
  #closing = false

  /** Follows literal template text and returns what of it goes out: HTML comments are dropped. */
  literal(text: string): string {
    let out = ''
    let i = 0
    while (i < text.length) {
      const step = this.#step(text, i)
      if (step.emit) out += text.slice(i, step.end)
      i = step.end
    }
    return out
  }

  /** The value's text as it may be written here. */
  value(value: Value): string {
    switch (this.#place) {
      case 'text':
        return this.#inText(value)
      case 'rcdata': {
        const { text, trusted } = textOf(value)
        return trusted === 'HTML' ? escapeNormalised(text) : escapeBody(text)
      }
      case 'comment':
        return ''
      case 'tag':
      case 'attrName':
      case 'afterName':
        return this.#inTag(value)
      case 'beforeValue':
        this.#openValue('')
        return this.#inAttribute(value)
      case 'value':
        return this.#inAttribute(value)
      case 'script':
        return this.#inScript(value)
      case 'style':
        return this.#inStyle(value)
    }
  }

  /** Whether values land in a URL, where a final `urlquery` is what we do anyway. */
  get isUrl(): boolean {
    return this.#place === 'value' && this.#kind === 'url'
  }

  #inText(value: Value): string {
    const { text, trusted } = textOf(value)
    return trusted === 'HTML' ? text : escapeBody(text)
  }

  #inTag(value: Value): string {
    const { text } = textOf(value)
    if (text === '') return ''
    if (!/^[a-zA-Z0-9]+$/.test(text)) return FILTER_FAILSAFE
    const kind = kindOfAttribute(text.toLowerCase(), this.#element)
    if (kind !== 'plain') return FILTER_FAILSAFE
    if (this.#place === 'tag') {
      this.#place = 'attrName'
      this.#attribute = text.toLowerCase()
    }
    return text.toLowerCase()
  }

  #inAttribute(value: Value): string {
    const text = this.#attributeText(value)
    return this.#quote === '' ? escapeUnquoted(text) : escapeBody(text)
  }

  #attributeText(value: Value): string {
    switch (this.#kind) {
      case 'script':
        return this.#inScript(value)
      case 'style':
        return this.#inStyle(value)
      case 'url':
        return this.#inUrl(value)
    }
    const { text, trusted } = textOf(value)
    if (this.#kind === 'srcset') return isSafeUrl(text.trim()) ? escapeUrl(text, true) : `#${FILTER_FAILSAFE}`
    return trusted === 'HTML' ? decodeEntities(stripTags(text)) : text
  }

  #inUrl(value: Value): string {
    const { text, trusted } = textOf(value)
    if (this.#url === 'query') return escapeUrl(text, trusted === 'URL')
    const isStart = this.#url === 'start'
    if (text !== '' && isStart) this.#url = /[?#]/.test(text) ? 'query' : 'path'
    if (isStart && trusted !== 'URL' && !isSafeUrl(text)) return `#${FILTER_FAILSAFE}`
    return escapeUrl(text, true)
  }

  #inScript(value: Value): string {
    switch (this.#inner) {
      case 'dq':
      case 'sq':
      case 'template':
        return script.escapeInScriptString(textOf(value).text)
      case 'regexp':
        return script.escapeInScriptRegexp(textOf(value).text)
      case 'lineComment':
      case 'blockComment':
        return ''
    }
    this.#lastCode = 'x'
    return script.escapeScriptValue(value)
  }

  #inStyle(value: Value): string {
    const { text } = textOf(value)
    if (this.#inner === 'dq' || this.#inner === 'sq') return script.escapeInCssString(text)
    if (this.#inner !== 'code') return ''
    return script.filterCssValue(text)
  }

  #step(text: string, i: number): { end: number; emit: boolean } {
    switch (this.#place) {
      case 'text':
        return this.#stepText(text, i)
      case 'comment': {
        const end = text.indexOf('-->', i)
        if (end >= 0) this.#place = 'text'
        return { end: end < 0 ? text.length : end + 3, emit: false }
      }
      case 'rcdata':
      case 'script':
      case 'style':
        return { end: this.#stepRaw(text, i), emit: true }
      case 'value':
        return { end: this.#stepValue(text, i), emit: true }
      default:
        return { end: this.#stepTag(text, i), emit: true }
    }
  }

  #stepText(text: string, i: number): { end: number; emit: boolean } {
    if (text[i] !== '<') {
      const next = text.indexOf('<', i)
      return { end: next < 0 ? text.length : next, emit: true }
    }
    if (text.startsWith('<!--', i)) {
      this.#place = 'comment'
      return { end: i + 4, emit: false }
    }
    const tag = /^<(\/?)([a-zA-Z][a-zA-Z0-9:-]*)/.exec(text.slice(i, i + 64))
    if (tag === null) return { end: i + 1, emit: true }
    this.#place = 'tag'
    this.#closing = tag[1] === '/'
    this.#element = tag[2]!.toLowerCase()
    return { end: i + tag[0].length, emit: true }
  }

  #stepTag(text: string, i: number): number {
    const character = text[i]!
    if (this.#place === 'beforeValue') {
      if (/\s/.test(character)) return i + 1
      if (character === '>') return this.#leaveTag(i)
      const quote = character === '"' || character === "'" ? character : ''
      this.#openValue(quote)
      return quote === '' ? i : i + 1
    }
    if (character === '>') return this.#leaveTag(i)
    if (character === '=' && this.#place !== 'tag') {
      this.#place = 'beforeValue'
      return i + 1
    }
    if (/[\s/]/.test(character)) {
      if (this.#place === 'attrName') this.#place = 'afterName'
      return i + 1
    }
    const name = /^[^\s"'>/=]+/.exec(text.slice(i, i + 256))?.[0] ?? character
    this.#attribute = this.#place === 'attrName' ? this.#attribute + name.toLowerCase() : name.toLowerCase()
    this.#place = 'attrName'
    return i + name.length
  }

  #leaveTag(i: number): number {
    const raw = this.#closing ? '' : this.#element
    this.#inner = 'code'
    this.#lastCode = ''
    if (raw === 'script' || raw === 'style') this.#place = raw
    else this.#place = raw === 'textarea' || raw === 'title' ? 'rcdata' : 'text'
    return i + 1
  }

  #openValue(quote: Quote): void {
    this.#place = 'value'
    this.#quote = quote
    this.#kind = kindOfAttribute(this.#attribute, this.#element)
    this.#url = 'start'
    this.#inner = 'code'
    this.#lastCode = ''
  }

  /** Up to the end of the attribute's value, keeping track of URL parts and quotes inside. */
  #stepValue(text: string, i: number): number {
    const stop = this.#quote === '' ? /[\s>]/g : this.#quote === '"' ? /"/g : /'/g
    stop.lastIndex = i
    const at = stop.exec(text)?.index ?? text.length
    this.#follow(decodeEntities(text.slice(i, at)))
    if (at === text.length) return at
    this.#place = 'tag'
    return text[at] === '>' ? this.#leaveTag(at) : at + 1
  }

  #stepRaw(text: string, i: number): number {
    const close = new RegExp(`</${this.#element}(?=[\\s>/]|$)`, 'gi')
    close.lastIndex = i
    const at = close.exec(text)?.index ?? text.length
    if (this.#place !== 'rcdata') {
      this.#kind = this.#place === 'script' ? 'script' : 'style'
      this.#follow(text.slice(i, at))
    }
    if (at === text.length) return at
    this.#place = 'tag'
    this.#closing = true
    return at + 2 + this.#element.length
  }

  #follow(text: string): void {
    if (this.#kind === 'url') {
      if (/[?#]/.test(text)) this.#url = 'query'
      else if (text.trim() !== '' && this.#url === 'start') this.#url = 'path'
    } else if (this.#kind === 'script' || this.#kind === 'style') this.#followCode(text)
  }

  #followCode(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const character = text[i]!
      switch (this.#inner) {
        case 'code':
          i += this.#enter(character, text[i + 1])
          break
        case 'lineComment':
          if (character === '\n') this.#inner = 'code'
          break
        case 'blockComment':
          if (character === '/' && text[i - 1] === '*') this.#inner = 'code'
          break
        default:
          if (character === '\\') i++
          else if (character === CLOSERS[this.#inner]) {
            this.#inner = 'code'
            this.#lastCode = character
          }
      }
    }
  }

  /** Decides whether a character of code opens a string, comment or regular expression; returns characters to skip. */
  #enter(character: string, next: string | undefined): number {
    const isScript = this.#kind === 'script'
    if (character === '"') this.#inner = 'dq'
    else if (character === "'") this.#inner = 'sq'
    else if (character === '`' && isScript) this.#inner = 'template'
    else if (character === '/' && next === '*') {
      this.#inner = 'blockComment'
      return 1
    } else if (character === '/' && next === '/') this.#inner = 'lineComment'
    else if (character === '/' && isScript && !/[\w)\]}$"'`]/.test(this.#lastCode)) this.#inner = 'regexp'
    if (!/\s/.test(character)) this.#lastCode = character
    return 0
  }
}

const CLOSERS: Readonly<Record<'dq' | 'sq' | 'template' | 'regexp', string>> = {
  dq: '"',
  sq: "'",
  template: '`',
  regexp: '/',
}

function kindOfAttribute(name: string, element: string): ValueKind {
  const plain = name.replace(/^data-/, '').replace(/^.*:/, '')
  if (name.startsWith('xmlns:')) return 'url'
  if (plain === 'style') return 'style'
  if (plain === 'srcset') return 'srcset'
  if (plain.startsWith('on')) return 'script'
  if (plain === 'data' && element !== 'object' && name !== 'data') return 'plain'
  if (URL_ATTRIBUTES.has(plain)) return 'url'
  return /src|uri|url/.test(plain) ? 'url' : 'plain'
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));?/gi,
    (all, hex?: string, dec?: string, name?: string) => {
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? all
      const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(dec)
      return code <= 0x10ffff ? String.fromCodePoint(code) : all
    },
  )
}
