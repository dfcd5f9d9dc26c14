import { FunctionError } from '../errors.ts'
import { fn, type FunctionTable } from '../exec/function.ts'
import { GoDuration, GoTime } from '../exec/time.ts'
import { parseLayout } from '../exec/time-layout.ts'
import { anyMap, GoSlice, SafeString, type Value } from '../exec/value.ts'
import { goJson } from '../html/escape-script.ts'
import { matchString, replaceAllString } from '../regex.ts'
import { humanizeDuration, titleCase } from './humanize.ts'

/** The functions of Alertmanager's notification templates. `routeLabels` is added by the one who renders. */
export function alertmanagerFunctions(nowMs: () => number): FunctionTable {
  return {
    ...PURE_FUNCTIONS,
    now: fn([], () => GoTime.fromMs(nowMs())),
    since: fn(
      ['time.Time'],
      (time: GoTime) => new GoDuration(GoTime.fromMs(nowMs()).unixNanos - time.unixNanos),
    ),
  }
}

const PURE_FUNCTIONS: FunctionTable = {
  toUpper: fn(['string'], (text: string) => text.toUpperCase()),
  toLower: fn(['string'], (text: string) => text.toLowerCase()),
  title: fn(['string'], (text: string) => titleCase(text, true)),
  trimSpace: fn(['string'], (text: string) => text.trim()),
  join: fn(['string', '[]string'], (separator: string, list: GoSlice) => list.items.join(separator)),
  match: fn(['string', 'string'], matchString),
  safeHtml: fn(['string'], (text: string) => new SafeString('HTML', text)),
  safeUrl: fn(['string'], (text: string) => new SafeString('URL', text)),
  urlUnescape: fn(['string'], queryUnescape),
  reReplaceAll: fn(['string', 'string', 'string'], replaceAllString),
  stringSlice: fn([], (...items: string[]) => new GoSlice(items, '[]string'), 'string'),
  date: fn(['string', 'time.Time'], (layout: string, time: GoTime) => time.format(layout)),
  tz: fn(['string', 'time.Time'], (zone: string, time: GoTime) => time.in(zone)),
  humanizeDuration: fn(['any'], humanizeDuration),
  toDate: fn(['string', 'string'], (layout: string, text: string) => parseTime(layout, text) ?? GoTime.ZERO),
  mustToDate: fn(['string', 'string'], (layout: string, text: string) => {
    const { unixNanos, zone } = parseLayout(layout, text)
    return new GoTime(unixNanos, zone)
  }),
  toJson: fn(['any'], (value: Value) => goJson(value)),
  base64encode: fn(['string'], (text: string) => base64Url(new TextEncoder().encode(text))),
  base64decode: fn(['string'], base64Decode),
  list: fn([], (...items: Value[]) => new GoSlice(items), 'any'),
  append: fn(
    ['[]interface {}'],
    (list: GoSlice | null, ...items: Value[]) => new GoSlice([...(list?.items ?? []), ...items]),
    'any',
  ),
  dict: fn([], dict, 'any'),
}

function parseTime(layout: string, text: string): GoTime | undefined {
  try {
    const { unixNanos, zone } = parseLayout(layout, text)
    return new GoTime(unixNanos, zone)
  } catch {
    return undefined
  }
}

function queryUnescape(text: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text)
  if (bad !== null) throw new FunctionError(`invalid URL escape ${JSON.stringify(bad[0])}`)
  const bytes: number[] = []
  for (let i = 0; i < text.length;) {
    if (text[i] === '%') {
      bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16))
      i += 3
      continue
    }
    const character = String.fromCodePoint(text.codePointAt(i)!)
    bytes.push(...new TextEncoder().encode(character === '+' ? ' ' : character))
    i += character.length
  }
  return new TextDecoder().decode(new Uint8Array(bytes))
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

function base64Decode(text: string): string {
  const at = text.search(/[^A-Za-z0-9_=\r\n-]/)
  if (at >= 0 || text.length % 4 !== 0)
    throw new FunctionError(
      `illegal base64 data at input byte ${at >= 0 ? at : text.length - (text.length % 4)}`,
    )
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
}

function dict(...values: Value[]): Value {
  if (values.length % 2 !== 0) throw new FunctionError('dict requires an even number of arguments')
  const entries: [string, Value][] = []
  for (let i = 0; i < values.length; i += 2) {
    const key = values[i]!
    if (typeof key !== 'string') throw new FunctionError('dict keys must be strings')
    entries.push([key, values[i + 1]!])
  }
  return anyMap(entries)
}
