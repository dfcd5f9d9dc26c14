import { formatDate } from '../time/date-format.ts'

/** What the formats of `${name:format}` see beside the values. */
export interface FormatPlace {
  readonly name: string
  readonly isMulti: boolean
  readonly texts: readonly string[]
}

/** The values of a variable in one of Grafana's forms; an unknown form gives what a single value gives. */
export function formatVariable(values: readonly string[], format: string, place: FormatPlace): string {
  const [form = '', ...options] = format.split(':')
  const option = options.join(':')
  const first = values[0] ?? ''
  const isSingle = values.length === 1
  switch (form) {
    case 'raw': return values.join(',')
    case 'csv': return values.join(',')
    case 'distributed': return values.map((value, i) => (i === 0 ? value : `${place.name}=${value}`)).join(',')
    case 'doublequote': return values.map((value) => `"${value.replaceAll('"', '\\"')}"`).join(',')
    case 'singlequote': return values.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(',')
    case 'sqlstring': return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(',')
    case 'glob': return isSingle ? first : `{${values.join(',')}}`
    case 'html': return escapeHtml(values.join(', '))
    case 'json': return JSON.stringify(isSingle && !place.isMulti ? first : values)
    case 'lucene': return isSingle ? lucene(first) : `(${values.map((value) => `"${lucene(value)}"`).join(' OR ')})`
    case 'percentencode': return strictEncode(isSingle ? first : `{${values.join(',')}}`)
    case 'uriencode': return encodeURI(isSingle ? first : `{${values.join(',')}}`).replace(/[!'()*]/g, percent)
    case 'pipe': return values.join('|')
    case 'queryparam': return values.map((value) => `var-${encodeURIComponent(place.name)}=${encodeURIComponent(value)}`).join('&')
    case 'customqueryparam': return customParameters(values, options, place.name)
    case 'join': return values.join(option === '' ? ',' : option)
    case 'regex': return regexForm(values)
    case 'text': return place.texts.join(' + ')
    case 'date': return dateForm(first, option)
    default: return isSingle ? first : glob(values)
  } // prettier-ignore
}

function glob(values: readonly string[]): string {
  return values.length === 0 ? '' : `{${values.join(',')}}`
}

/** Several values as alternatives, what regular expressions take specially escaped. */
function regexForm(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'))
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`
}

/**
 * Values inside a PromQL string: of a variable with several values (or "All") as alternatives of a regular expression,
 * escaped twice, since the string is unescaped before the expression is read; otherwise as they are.
 */
export function prometheusForm(values: readonly string[], isMulti: boolean): string {
  if (!isMulti) return values.map((value) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')).join(',')
  const escaped = values.map((value) =>
    value.replaceAll('\\', '\\\\\\\\').replace(/[$^*{}[\]'"+?.()|]/g, '\\\\$&'),
  )
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`
}

function lucene(value: string): string {
  return value === '' ? '__empty__' : value.replace(/([!*+\-=<>\s&|()[\]{}^~?:\\/"])/g, '\\$1')
}

function strictEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, percent)
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`
}

function customParameters(
  values: readonly string[],
  [name = '', prefix = '']: readonly string[],
  own: string,
): string {
  const key = encodeURIComponent(name === '' ? own : name)
  return values.map((value) => `${key}=${encodeURIComponent(prefix + value)}`).join('&')
}

function dateForm(value: string, form: string): string {
  const timeMs = Number(value)
  if (!Number.isFinite(timeMs)) return value
  if (form === 'seconds') return String(Math.round(timeMs / 1000))
  if (form === '' || form === 'iso') return new Date(timeMs).toISOString()
  return formatDate(timeMs, form, 'utc')
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (char) => entities[char]!)
}
