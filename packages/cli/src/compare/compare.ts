/** How two servers answered one expression. */
export interface Comparison {
  readonly expr: string
  readonly outcome: 'same' | 'different' | 'failed'
  readonly detail: string
  readonly ownMs: number
  readonly otherMs: number
}

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, string])[]
}
interface Answer {
  readonly series: ReadonlyMap<string, ReadonlyMap<number, number>>
  readonly error: string | undefined
  readonly ms: number
}

const STEPS = 60
const TIMEOUT_MS = 60_000
/** Both servers see the newest scrape at different times: the comparison ends before it. */
const SETTLED_S = 60
/** Sums may be added up in another order. */
const TOLERANCE = 1e-9

/** Asks both servers everything, one after another. */
export async function compareAll(
  own: string,
  other: string,
  expressions: readonly string[],
  rangeS: number,
): Promise<Comparison[]> {
  const step = Math.max(1, Math.floor(rangeS / STEPS))
  const end = Math.floor((Date.now() / 1000 - SETTLED_S) / step) * step
  const window = { start: String(end - rangeS), end: String(end), step: String(step) }
  const found: Comparison[] = []
  for (const expr of expressions) {
    const [a, b] = [await ask(own, expr, window), await ask(other, expr, window)]
    found.push({ expr, ownMs: a.ms, otherMs: b.ms, ...judge(a, b) })
  }
  return found
}

async function ask(server: string, query: string, window: Readonly<Record<string, string>>): Promise<Answer> {
  const started = performance.now()
  const answer = (error: string | undefined, all: readonly Series[] = []): Answer => ({
    series: new Map(
      all.map(({ metric, values }) => [keyOf(metric), new Map(values.map(([t, v]) => [t, Number(v)]))]),
    ),
    error,
    ms: performance.now() - started,
  })
  try {
    const response = await fetch(`${server.replace(/\/+$/, '')}/api/v1/query_range`, {
      method: 'POST',
      body: new URLSearchParams({ query, ...window }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body = (await response.json()) as { status: string; error?: string; data?: { result: Series[] } }
    if (body.status !== 'success') return answer(body.error ?? `status ${response.status}`)
    return answer(undefined, body.data?.result.filter(({ values }) => values !== undefined) ?? [])
  } catch (error) {
    return answer((error as Error).message)
  }
}

function keyOf(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function judge(own: Answer, other: Answer): Pick<Comparison, 'outcome' | 'detail'> {
  if (own.error !== undefined && other.error !== undefined)
    return { outcome: 'same', detail: 'both refuse it' }
  if (own.error !== undefined) return { outcome: 'failed', detail: `here: ${own.error}` }
  if (other.error !== undefined) return { outcome: 'failed', detail: `there: ${other.error}` }
  const missing = [...other.series.keys()].filter((key) => !own.series.has(key))
  const extra = [...own.series.keys()].filter((key) => !other.series.has(key))
  if (missing.length + extra.length > 0)
    return {
      outcome: 'different',
      detail: `${own.series.size} series here, ${other.series.size} there; e.g. ${missing[0] ?? extra[0]}`,
    }
  for (const [key, values] of own.series) {
    const fault = firstDifference(values, other.series.get(key)!)
    if (fault !== undefined) return { outcome: 'different', detail: `${key}: ${fault}` }
  }
  return { outcome: 'same', detail: '' }
}

function firstDifference(
  own: ReadonlyMap<number, number>,
  other: ReadonlyMap<number, number>,
): string | undefined {
  for (const time of new Set([...own.keys(), ...other.keys()])) {
    const [a, b] = [own.get(time), other.get(time)]
    if (a === undefined || b === undefined)
      return `at ${time}: ${a ?? 'nothing'} here, ${b ?? 'nothing'} there`
    const isSame =
      Object.is(a, b) || a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
    if (!isSame) return `at ${time}: ${a} here, ${b} there`
  }
  return undefined
}
