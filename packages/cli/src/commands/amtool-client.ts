import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { decodeYaml, mapOf, str } from '@promontory/base/yaml'
import { parseMatchers, type SilenceMatcher } from '@promontory/alertmanager'
import { UsageError } from '../serve-flags.ts'

/** What `amtool`'s commands share: where the Alertmanager is, who asks, how answers are printed. */
export interface AmtoolSettings {
  /** Without a slash at its end. */
  readonly url: string
  readonly author: string
  readonly output: 'simple' | 'extended' | 'json'
}

/** Options that every one of these commands takes, for `parseArgs`. */
export const AMTOOL_OPTIONS = {
  'alertmanager.url': { type: 'string' },
  'config.file': { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const

const DEFAULT_URL = 'http://localhost:9090'

/** Flags first, then amtool's own files, then the defaults. @throws UsageError */
export function amtoolSettings(values: Readonly<Record<string, unknown>>): AmtoolSettings {
  const kept = keptSettings()
  const url = String(values['alertmanager.url'] ?? kept['alertmanager.url'] ?? DEFAULT_URL)
  if (!URL.canParse(url)) throw new UsageError(`--alertmanager.url: "${url}" is no URL`)
  const output = String(values['output'] ?? kept['output'] ?? 'simple')
  if (output !== 'simple' && output !== 'extended' && output !== 'json')
    throw new UsageError(`--output: "${output}" is none of simple, extended, json`)
  const author = String(values['author'] ?? kept['author'] ?? process.env['USER'] ?? '')
  return { url: url.replace(/\/+$/, ''), author, output }
}

/** The files that amtool reads. */
function keptSettings(): Readonly<Record<string, string>> {
  const places = [join(homedir(), '.config/amtool/config.yml'), '/etc/amtool/config.yml']
  return Object.assign(
    {},
    ...places
      .filter((file) => existsSync(file))
      .reverse()
      .map((file) => decodeYaml(readFileSync(file, 'utf8'), { file }, mapOf(str)).value),
  ) as Record<string, string>
}

/** Asks API v2. @throws Error with the server's words */
export async function callAlertmanager<T>(
  { url }: AmtoolSettings,
  path: string,
  init: { readonly method?: string; readonly body?: unknown } = {},
): Promise<T> {
  const { method = 'GET', body } = init
  let response: Response
  try {
    response = await fetch(`${url}/api/v2/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
  } catch (error) {
    const { cause } = error as { cause?: Error }
    throw new Error(`${url} does not answer: ${cause?.message ?? (error as Error).message}`, { cause: error })
  }
  const text = await response.text()
  let json: unknown
  try {
    json = text === '' ? undefined : JSON.parse(text)
  } catch {
    json = text
  }
  if (response.ok) return json as T
  const said = typeof json === 'string' ? json : (json as { message?: string } | undefined)?.message
  throw new Error(`${url} answered ${response.status}: ${said ?? ''}`)
}

/** Matchers of the command line: `name=value`, `{a="b",c=~"d"}`; the first may be an alert's name alone. @throws UsageError */
export function matcherArguments(args: readonly string[]): SilenceMatcher[] {
  const [first, ...rest] = args
  const isName = first !== undefined && !/[=!{]/.test(first)
  const texts = isName ? [`alertname=${JSON.stringify(first)}`, ...rest] : args
  return texts.flatMap((source) => {
    try {
      return parseMatchers(source).map(({ name, value, operator }) => ({
        name,
        value,
        isRegex: operator.endsWith('~'),
        isEqual: operator.startsWith('='),
      }))
    } catch (error) {
      throw new UsageError(`bad matcher format: ${source}: ${(error as Error).message}`)
    }
  })
}

/** `a="b"` */
export function matcherText({ name, value, isRegex, isEqual }: SilenceMatcher): string {
  return `${name}${isEqual ? '=' : '!'}${isRegex ? '~' : isEqual ? '' : '='}${JSON.stringify(value)}`
}

/** Labels of the command line. @throws UsageError */
export function labelArguments(args: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    matcherArguments(args).map((matcher) => {
      if (matcher.isRegex || !matcher.isEqual)
        throw new UsageError(`labels must be specified as equal ones: ${matcherText(matcher)}`)
      return [matcher.name, matcher.value]
    }),
  )
}

/** Columns two spaces apart, as Go's tabwriter sets them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => [...(row[i] ?? '')].length)))
  return rows
    .map((row) => `${row.map((cell, i) => cell + ' '.repeat(widths[i]! - [...cell].length + 2)).join('')}\n`)
    .join('')
}

/** `2024-01-01 12:00:00 UTC` */
export function timeText(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
