import { type Expr, ParseError, parseExpr, walk } from '@promontory/promql/parser'

/** What a query asks for. */
export interface ExpressionUse {
  /** Metric names with the labels that are matched or grouped by; names that a variable makes are left out. */
  readonly metrics: ReadonlyMap<string, ReadonlySet<string>>
  /** All label names that occur, whatever the metric. */
  readonly labels: ReadonlySet<string>
}

export type ExpressionCheck =
  | { readonly kind: 'valid'; readonly use: ExpressionUse }
  | { readonly kind: 'invalid'; readonly message: string; readonly offset: number }
  /** A variable stands where it could be anything. */
  | { readonly kind: 'unknown' }

interface Placeholder {
  readonly start: number
  readonly end: number
  readonly isMacro: boolean
  readonly inQuotes: boolean
}

const VARIABLE = /\$(\w+)|\$\{(\w+)(?:[.:][^}]*)?\}|\[\[(\w+)(?::\w+)?\]\]/g
const DURATION_MACROS = /^__(rate_interval|interval|range|auto|auto_interval_\w+)$/
const NUMBER_MACROS = /^__(interval_ms|range_s|range_ms|from|to)$/

/**
 * Parses a query of a panel: its variables are replaced by texts of the same length, so that positions hold in the original.
 */
export function checkExpression(text: string): ExpressionCheck {
  const places = placeholders(text)
  // A variable outside of quotes may be a name, a number or a duration: what gets the parser farthest is tried on.
  const free = places.filter((place) => !place.isMacro && !place.inQuotes)
  const kinds = new Map<Placeholder, Kind>(free.map((place) => [place, 'name']))
  let result = attempt(text, places, kinds)
  for (const place of free) {
    if (result.kind === 'valid') break
    for (const kind of ['number', 'duration'] as const) {
      const other = attempt(text, places, new Map(kinds).set(place, kind))
      if (other.kind !== 'valid' && (result.kind === 'valid' || offsetOf(other) <= offsetOf(result))) continue
      kinds.set(place, kind)
      result = other
    }
  }
  return result.kind === 'invalid' && free.length > 0 ? { kind: 'unknown' } : result
}

type Kind = 'name' | 'number' | 'duration'

function offsetOf(check: ExpressionCheck): number {
  return check.kind === 'invalid' ? check.offset : Infinity
}

function placeholders(text: string): Placeholder[] {
  return [...text.matchAll(VARIABLE)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    return {
      start: match.index,
      end: match.index + match[0].length,
      isMacro: DURATION_MACROS.test(name) || NUMBER_MACROS.test(name),
      inQuotes: isInQuotes(text, match.index),
    }
  })
}

function isInQuotes(text: string, offset: number): boolean {
  let quote = ''
  for (let at = 0; at < offset; at++) {
    const char = text[at]!
    if (quote === '') quote = char === '"' || char === "'" || char === '`' ? char : ''
    else if (char === '\\' && quote !== '`') at++
    else if (char === quote) quote = ''
  }
  return quote !== ''
}

function attempt(
  text: string,
  places: readonly Placeholder[],
  kinds: ReadonlyMap<Placeholder, Kind>,
): ExpressionCheck {
  let filled = ''
  let at = 0
  for (const place of places) {
    filled += text.slice(at, place.start) + fill(text, place, kinds.get(place))
    at = place.end
  }
  filled += text.slice(at)
  try {
    return { kind: 'valid', use: useOf(parseExpr(filled), places) }
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const [fault] = error.faults
    return { kind: 'invalid', message: fault?.message ?? error.message, offset: fault?.position.start ?? 0 }
  }
}

/** A stand-in of exactly the variable's length. */
function fill(text: string, place: Placeholder, kind: Kind | undefined): string {
  const length = place.end - place.start
  if (place.inQuotes) return 'x'.repeat(length)
  const name = text.slice(place.start, place.end).replace(/[^\w]/g, '')
  if (kind === 'name') return `v${'x'.repeat(length - 1)}`
  if (kind === 'number' || (kind === undefined && NUMBER_MACROS.test(name))) return '1'.repeat(length)
  return `${'0'.repeat(length - 2)}5m`
}

function useOf(expr: Expr, places: readonly Placeholder[]): ExpressionUse {
  const metrics = new Map<string, Set<string>>()
  const labels = new Set<string>()
  const isMade = (start: number, end: number): boolean =>
    places.some((place) => place.start < end && start < place.end)
  const note = (metric: string, label: string): void => {
    labels.add(label)
    if (metric !== '') metrics.set(metric, (metrics.get(metric) ?? new Set()).add(label))
  }
  walk(expr, (node) => {
    if (node.type === 'vectorSelector') {
      const { start, end } = node.position
      const braces = node.name === '' ? start : start + node.name.length
      const named = node.name === '' ? exactName(node.matchers) : node.name
      const isVariable =
        node.name === '' ? isMade(start, end) && /^x+$|^vx*$/.test(named) : isMade(start, braces)
      const metric = isVariable ? '' : named
      if (metric !== '' && !metrics.has(metric)) metrics.set(metric, new Set())
      for (const matcher of node.matchers)
        // A label that is a variable came out as v and x's.
        if (matcher.name !== '__name__' && !isStandIn(matcher.name)) note(metric, matcher.name)
    }
    if (node.type === 'aggregate') {
      const only = soleMetric(node.expr)
      for (const label of node.grouping) if (!isStandIn(label)) note(node.without ? '' : only, label)
    }
    if (node.type === 'binary')
      for (const label of [...(node.matching?.labels ?? []), ...(node.matching?.include ?? [])])
        if (!isStandIn(label)) labels.add(label)
  })
  return { metrics, labels }
}

function isStandIn(name: string): boolean {
  return /^vx+$/.test(name)
}

function exactName(
  matchers: readonly { readonly name: string; readonly operator: string; readonly value: string }[],
): string {
  return matchers.find(({ name, operator }) => name === '__name__' && operator === '=')?.value ?? ''
}

/** The one metric below, when its labels pass unchanged up to here; else `''`. */
function soleMetric(expr: Expr): string {
  const names: string[] = []
  let changes = false
  walk(expr, (node) => {
    if (node.type === 'vectorSelector') names.push(node.name)
    if (node.type === 'binary' || node.type === 'aggregate') changes = true
    if (node.type === 'call' && /^label_|^info$|^absent/.test(node.func.name)) changes = true
  })
  return !changes && names.length === 1 ? names[0]! : ''
}
