import type { Labels, Querier, SampleColumns, SelectRequest, SeriesSet, TimeRange } from '@promontory/model'
import { Matcher, METRIC_NAME } from '@promontory/model'
import type { Call, Expr, Subquery, TimeModifiers, VectorSelector } from '../parser/ast.ts'
import { walk } from '../parser/ast.ts'
import { keepStatsOnly, statsOnlySelectors } from './histogram-stats.ts'
import type { QueryTimes } from './prepare.ts'

export const TARGET_INFO = 'target_info'

/** What the selectors of a query ask the storage for; equal requests are made once. */
export class SelectionPlan {
  readonly #expr: Expr
  readonly #wanted: ReadonlyMap<Expr, SelectRequest>

  /** @param times  of the query; selectors reach back from there by their offsets, ranges and the look-back */
  constructor(expr: Expr, times: QueryTimes, lookbackMs: number, defaultStepMs: number) {
    this.#expr = expr
    this.#wanted = collectRequests(expr, times, lookbackMs, defaultStepMs)
  }

  /** From the first to the last sample that any selector looks at. */
  get range(): TimeRange {
    const requests = [...this.#wanted.values()]
    if (requests.length === 0) return { startMs: 0, endMs: 0 }
    return {
      startMs: requests.reduce((least, { startMs }) => Math.min(least, startMs), Infinity),
      endMs: requests.reduce((most, { endMs }) => Math.max(most, endMs), -Infinity),
    }
  }

  async select(querier: Querier): Promise<Selection> {
    const distinct = new Map<string, SelectRequest>()
    const keyOf = querier.heedsHints === true ? keyWithHints : plainKey
    for (const request of this.#wanted.values()) {
      const same = distinct.get(keyOf(request))
      // Series that are used in different ways are asked for without hints.
      const { hints: _, ...plain } = request
      distinct.set(keyOf(request), same === undefined || sameHints(same, request) ? request : plain)
    }
    const keys = [...distinct.keys()]
    const sets = keys.length === 0 ? [] : await querier.select([...distinct.values()])
    const byNode = new Map<Expr, SeriesSet>()
    for (const [node, request] of this.#wanted) byNode.set(node, sets[keys.indexOf(keyOf(request))]!)
    return new Selection(byNode, statsOnlySelectors(this.#expr))
  }
}

/** The selectors of a query with the series that they select. */
export class Selection {
  readonly #sets: ReadonlyMap<Expr, SeriesSet>
  /** Selectors whose histograms are read without their buckets. */
  readonly statsOnly: ReadonlySet<Expr>

  constructor(sets: ReadonlyMap<Expr, SeriesSet>, statsOnly: ReadonlySet<Expr>) {
    this.#sets = sets
    this.statsOnly = statsOnly
  }

  /** The series that a node selects. */
  of(node: Expr): SeriesSet {
    return this.#sets.get(node)!
  }

  /** Reads the series that a node selects, one after the other, into the same columns. */
  read(node: Expr, into: SampleColumns, visit: (labels: Labels) => void): void {
    const set = this.#sets.get(node)!
    for (let i = 0; i < set.length; i++) {
      this.readOne(node, i, into)
      visit(set.labels(i))
    }
  }

  readOne(node: Expr, index: number, into: SampleColumns): void {
    this.of(node).read(index, into)
    if (this.statsOnly.has(node)) keepStatsOnly(into)
  }

  /** How many series a node selects; 0 for one that selects none. */
  seriesOf(node: Expr): number {
    return this.#sets.get(node)?.length ?? 0
  }

  get warnings(): readonly string[] {
    return [...new Set([...this.#sets.values()].flatMap((set) => set.warnings))]
  }

  get infos(): readonly string[] {
    return [...new Set([...this.#sets.values()].flatMap((set) => set.infos ?? []))]
  }
}

function plainKey({ matchers, startMs, endMs }: SelectRequest): string {
  return `${startMs} ${endMs} ${matchers.map(String).join(',')}`
}

function keyWithHints(request: SelectRequest): string {
  return `${plainKey(request)} ${JSON.stringify(request.hints)}`
}

function sameHints({ hints: a }: SelectRequest, { hints: b }: SelectRequest): boolean {
  return (
    a?.func === b?.func &&
    a?.rangeMs === b?.rangeMs &&
    a?.stepMs === b?.stepMs &&
    a?.windowMs === b?.windowMs &&
    a?.firstStepMs === b?.firstStepMs &&
    a?.unordered === b?.unordered
  )
}

function collectRequests(
  expr: Expr,
  times: QueryTimes,
  lookbackMs: number,
  defaultStepMs: number,
): Map<Expr, SelectRequest> {
  const requests = new Map<Expr, SelectRequest>()
  walk(expr, (node, ancestors) => {
    if (node.type === 'vectorSelector') {
      const parent = ancestors.at(-1)
      // The second argument of info() holds matchers only; its series are requested with the call.
      if (parent?.type === 'call' && parent.func.name === 'info' && parent.args[1] === node) return
      requests.set(node, selectorRequest(node, ancestors, times, lookbackMs, defaultStepMs))
    } else if (node.type === 'call' && node.func.name === 'info')
      requests.set(node, infoRequest(node, ancestors, times, lookbackMs))
  })
  return requests
}

/** First and last time at which the nodes under `ancestors` are evaluated. */
function evaluationRange(
  ancestors: readonly Expr[],
  own: TimeModifiers | undefined,
  times: QueryTimes,
): [startMs: number, endMs: number] {
  let { startMs, endMs } = times
  let offsetMs = 0
  let rangeMs = 0
  for (const subquery of subqueriesOf(ancestors)) {
    if (subquery.atMs !== undefined) {
      startMs = endMs = subquery.atMs
      offsetMs = rangeMs = 0
    }
    offsetMs += subquery.offsetMs
    rangeMs += subquery.rangeMs
  }
  if (own?.atMs !== undefined) return [own.atMs, own.atMs]
  return [startMs - offsetMs - rangeMs, endMs - offsetMs]
}

function subqueriesOf(ancestors: readonly Expr[]): Subquery[] {
  return ancestors.filter((node) => node.type === 'subquery')
}

function selectorRequest(
  node: VectorSelector,
  ancestors: readonly Expr[],
  times: QueryTimes,
  lookbackMs: number,
  defaultStepMs: number,
): SelectRequest {
  const [startMs, endMs] = evaluationRange(ancestors, node, times)
  const parent = ancestors.at(-1)
  const rangeMs = parent?.type === 'matrixSelector' ? parent.rangeMs : 0
  const extended = rangeMs > 0 && (node.anchored || node.smoothed)
  const reachMs = rangeMs === 0 ? lookbackMs : extended ? lookbackMs + rangeMs : rangeMs
  const subquery = subqueriesOf(ancestors).at(-1)
  return {
    matchers: node.matchers,
    // Look-back and ranges are open on the left, so the first millisecond is left out.
    startMs: startMs - node.offsetMs - reachMs + 1,
    endMs: endMs - node.offsetMs + (node.smoothed ? lookbackMs : 0),
    hints: {
      stepMs: subquery === undefined ? times.stepMs : subquery.stepMs || defaultStepMs,
      rangeMs,
      func: functionAround(ancestors),
      windowMs: reachMs,
      firstStepMs: firstStep(node, subquery, startMs, defaultStepMs),
      ...(isOrderless(ancestors) ? { unordered: true } : {}),
    },
  }
}

/** Time that the selector's first step looks at. The steps of a subquery are multiples of its own. */
function firstStep(
  { atMs, offsetMs }: TimeModifiers,
  subquery: Subquery | undefined,
  startMs: number,
  defaultStepMs: number,
): number {
  if (subquery === undefined || atMs !== undefined) return startMs - offsetMs
  const stepMs = subquery.stepMs || defaultStepMs
  return (Math.floor(startMs / stepMs) + 1) * stepMs - offsetMs
}

/** Aggregations whose result does not depend on the order of the series. */
const ORDERLESS: ReadonlySet<string> = new Set(['sum', 'avg', 'min', 'max', 'count', 'group'])

/** Whether all that becomes of the series is one of those aggregations, series by series. */
export function isOrderless(ancestors: readonly Expr[]): boolean {
  for (const node of [...ancestors].reverse()) {
    if (node.type === 'aggregate') return ORDERLESS.has(node.op)
    if (node.type !== 'call' && node.type !== 'matrixSelector' && node.type !== 'paren') return false
  }
  return false
}

function functionAround(ancestors: readonly Expr[]): string {
  for (const node of [...ancestors].reverse()) {
    if (node.type === 'aggregate') return node.op
    if (node.type === 'call') return node.func.name
    if (node.type === 'binary') return ''
  }
  return ''
}

/** Reference time that the modifiers inside the first argument of `info` set for the info series. */
export function infoReference(call: Call): { atMs: number | undefined; offsetMs: number } {
  let found: { atMs: number | undefined; offsetMs: number } | undefined
  walk(call.args[0]!, (node, ancestors) => {
    if (found !== undefined || node.type !== 'vectorSelector') return
    let { atMs, offsetMs } = node
    for (const subquery of subqueriesOf(ancestors).reverse()) {
      if (atMs !== undefined) break
      offsetMs += subquery.offsetMs
      atMs = subquery.atMs
    }
    found = { atMs, offsetMs }
  })
  return found ?? { atMs: undefined, offsetMs: 0 }
}

function infoRequest(
  call: Call,
  ancestors: readonly Expr[],
  times: QueryTimes,
  lookbackMs: number,
): SelectRequest {
  const { atMs, offsetMs } = infoReference(call)
  const [startMs, endMs] = evaluationRange(ancestors, undefined, times)
  return {
    matchers: infoMatchers(call),
    startMs: (atMs ?? startMs) - offsetMs - lookbackMs + 1,
    endMs: (atMs ?? endMs) - offsetMs,
    hints: { stepMs: times.stepMs, rangeMs: 0, func: 'info' },
  }
}

/** Matchers of the second argument of `info`, completed by what selects info metrics by name. */
export function infoMatchers(call: Call): Matcher[] {
  const selector = call.args[1]
  const given = selector?.type === 'vectorSelector' ? selector.matchers : []
  return [...given.filter((m) => m.name !== METRIC_NAME), ...infoNameMatchers(call)]
}

export function infoNameMatchers(call: Call): Matcher[] {
  const selector = call.args[1]
  const given = selector?.type === 'vectorSelector' ? selector.matchers : []
  const names = given.filter((m) => m.name === METRIC_NAME)
  if (names.length === 0) return [new Matcher('=', METRIC_NAME, TARGET_INFO)]
  const positive = names.some((m) => m.operator === '=' || m.operator === '=~')
  return positive ? names : [new Matcher('=~', METRIC_NAME, '.+_info'), ...names]
}
