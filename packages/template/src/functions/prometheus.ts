import {
  compareUtf8,
  parseDuration,
  type InstantQuery,
  type InstantVector,
  type Labels,
} from '@promontory/model'
import { FunctionError, TemplateError } from '../errors.ts'
import { queryEscape } from '../exec/builtins.ts'
import { Suspended } from '../exec/executor.ts'
import { fn, type FunctionTable } from '../exec/function.ts'
import { GoDuration, GoTime } from '../exec/time.ts'
import { anyMap, GoSlice, GoStruct, SafeString, stringMap, type Value } from '../exec/value.ts'
import { matchString, replaceAllString } from '../regex.ts'
import { sprintf } from '../fmt/printf.ts'
import { TemplateSet } from '../template-set.ts'
import {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  titleCase,
  toFloat,
} from './humanize.ts'

/** What one expansion of a rule's label or annotation (or of a console page) works with. */
export interface PrometheusExpansion {
  /** Shown in error texts, e.g. `__alert_HighLatency`. */
  readonly name: string
  readonly text: string
  readonly data: Value
  /** The time of the evaluation: what `query` asks at and `now` answers. */
  readonly timeMs: number
  /** `--web.external-url`. */
  readonly externalUrl: string
  readonly query: InstantQuery
  /** Escape for HTML, as console templates do. */
  readonly html?: boolean
}

const SAMPLE = '*template.sample'
const RESULT = 'template.queryResult'

/** `.Labels .ExternalLabels .ExternalURL .Value` of an alerting rule's templates. */
export function alertTemplateData(options: {
  labels: Labels
  externalLabels: Labels
  externalUrl: string
  /** A float, or a histogram's text. */
  value: number | string
}): Value {
  return new GoStruct(
    'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
    {
      Labels: stringMap(options.labels),
      ExternalLabels: stringMap(options.externalLabels),
      ExternalURL: options.externalUrl,
      Value: options.value,
    },
  )
}

/** What precedes each rule template: short names for the data. Part of the text, so that columns agree. */
export const ALERT_TEMPLATE_DEFINITIONS =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}'

/**
 * Expands one template with Prometheus's functions.
 * Rejects with a TemplateError whose text begins `error parsing template …` or `error executing template …`.
 */
export async function expandPrometheus(expansion: PrometheusExpansion): Promise<string> {
  const functions = prometheusFunctions(expansion)
  const set = new TemplateSet({ functions, html: expansion.html ?? false })
  try {
    set.parse(expansion.name, expansion.text)
  } catch (error) {
    throw prefixed(`error parsing template ${expansion.name}`, error)
  }
  try {
    return await set.executeAsync(expansion.name, expansion.data)
  } catch (error) {
    throw prefixed(`error executing template ${expansion.name}`, error)
  }
}

/** Parses only. @throws TemplateError with Go's text */
export function checkPrometheusTemplate(name: string, text: string): void {
  new TemplateSet({ functions: CHECKED_FUNCTIONS }).parse(name, text)
}

function prefixed(prefix: string, error: unknown): unknown {
  return error instanceof TemplateError
    ? new TemplateError(`${prefix}: ${error.message}`, { cause: error })
    : error
}

function prometheusFunctions(expansion: PrometheusExpansion): FunctionTable {
  const { timeMs, externalUrl } = expansion
  return {
    ...PURE_FUNCTIONS,
    query: fn(['string'], queryFunction(expansion)),
    now: fn([], () => timeMs / 1000),
    pathPrefix: fn([], () => pathOf(externalUrl)),
    externalURL: fn([], () => externalUrl),
  }
}

function pathOf(url: string): string {
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url)
  return path === null ? url : path[1]!
}

/** Asks each expression once; until the answer is there, the template is suspended. */
function queryFunction({ query, timeMs }: PrometheusExpansion): (expr: string) => Value {
  const answers = new Map<string, { vector: InstantVector } | { error: unknown }>()
  return (expr) => {
    const answer = answers.get(expr)
    if (answer === undefined)
      throw new Suspended(
        query(expr, timeMs).then(
          (vector) => void answers.set(expr, { vector }),
          (error: unknown) => void answers.set(expr, { error }),
        ),
      )
    if ('error' in answer)
      throw new FunctionError(answer.error instanceof Error ? answer.error.message : String(answer.error))
    return queryResult(answer.vector)
  }
}

function queryResult(vector: InstantVector): GoSlice {
  const samples = vector.samples.map(
    ({ labels, value }) => new GoStruct(SAMPLE, { Labels: stringMap(labels), Value: value }),
  )
  return new GoSlice(samples, RESULT)
}

function labelOf(sample: Value, name: string): string {
  const labels = (sample as GoStruct).fields.Labels as ReturnType<typeof stringMap>
  return (labels.entries.get(name) as string | undefined) ?? ''
}

function first(vector: GoSlice): Value {
  if (vector.items.length === 0) throw new FunctionError('first() called on vector with no elements')
  return vector.items[0]!
}

const PURE_FUNCTIONS: FunctionTable = {
  first: fn([RESULT], first),
  label: fn(['string', SAMPLE], (name: string, sample: Value) => labelOf(sample, name)),
  value: fn([SAMPLE], (sample: GoStruct) => sample.fields.Value!),
  strvalue: fn([SAMPLE], (sample: Value) => labelOf(sample, '__value__')),
  sortByLabel: fn(
    ['string', RESULT],
    (name: string, vector: GoSlice) =>
      new GoSlice(
        [...vector.items].sort((a, b) => compareUtf8(labelOf(a, name), labelOf(b, name))),
        RESULT,
      ),
  ),
  args: fn([], (...args: Value[]) => anyMap(args.map((arg, i) => [`arg${i}`, arg] as const)), 'any'),
  reReplaceAll: fn(['string', 'string', 'string'], replaceAllString),
  safeHtml: fn(['string'], (text: string) => new SafeString('HTML', text)),
  match: fn(['string', 'string'], matchString),
  title: fn(['string'], (text: string) => titleCase(text, false)),
  toUpper: fn(['string'], (text: string) => text.toUpperCase()),
  toLower: fn(['string'], (text: string) => text.toLowerCase()),
  graphLink: fn(['string'], (expr: string) => `/graph?g0.expr=${queryEscape(expr)}&g0.tab=0`),
  tableLink: fn(['string'], (expr: string) => `/graph?g0.expr=${queryEscape(expr)}&g0.tab=1`),
  stripPort: fn(['string'], (hostPort: string) => splitHostPort(hostPort)?.host ?? hostPort),
  stripDomain: fn(['string'], stripDomain),
  humanize: fn(['any'], humanize),
  humanize1024: fn(['any'], humanize1024),
  humanizeDuration: fn(['any'], humanizeDuration),
  humanizePercentage: fn(['any'], humanizePercentage),
  humanizeTimestamp: fn(['any'], humanizeTimestamp),
  toTime: fn(['any'], (value: Value) => toTime(toFloat(value))),
  toDuration: fn(['any'], (value: Value) => GoDuration.fromSeconds(toFloat(value))),
  parseDuration: fn(['string'], durationSeconds),
  urlQueryEscape: fn(['string'], queryEscape),
}

const CHECKED_FUNCTIONS: FunctionTable = {
  ...PURE_FUNCTIONS,
  query: fn(['string'], () => null),
  now: fn([], () => 0),
  pathPrefix: fn([], () => ''),
  externalURL: fn([], () => ''),
}

/** Go's `net.SplitHostPort`; undefined where it fails. */
function splitHostPort(text: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/.exec(text)
  return match === null ? undefined : { host: match[1] ?? match[2]!, port: match[3]! }
}

function stripDomain(hostPort: string): string {
  const parts = splitHostPort(hostPort)
  const host = parts?.host ?? hostPort
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':')) return hostPort
  const name = host.split('.')[0]!
  return parts === undefined || parts.port === '' ? name : `${name}:${parts.port}`
}

function toTime(seconds: number): GoTime {
  if (!Number.isFinite(seconds)) throw new FunctionError('value is NaN or Inf')
  if (Math.abs(seconds * 1e9) > 2 ** 63)
    throw new FunctionError(
      `${sprintf('%v', [seconds])} cannot be represented as a nanoseconds timestamp since it overflows int64`,
    )
  return GoTime.fromMs(Math.trunc(seconds * 1000))
}

function humanizeTimestamp(value: Value): string {
  const seconds = toFloat(value)
  return Number.isFinite(seconds) ? toTime(seconds).toGoString() : sprintf('%.4g', [seconds])
}

function durationSeconds(text: string): number {
  const negative = text.startsWith('-')
  try {
    const seconds = parseDuration(negative ? text.slice(1) : text) / 1000
    return negative ? -seconds : seconds
  } catch (error) {
    throw new FunctionError((error as Error).message)
  }
}
