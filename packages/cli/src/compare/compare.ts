import { type AnswerSeries, difference, readAnswer, type WrittenData } from './answers.ts'

/** An expression, and whether it is asked at one time or over the range. */
export interface Question {
  readonly expr: string
  readonly kind: 'range' | 'instant'
}

/** How two servers answered one question. */
export interface Comparison extends Question {
  readonly outcome: 'same' | 'different' | 'failed'
  readonly detail: string
  readonly ownMs: number
  readonly otherMs: number
}

interface Answer {
  readonly series: AnswerSeries
  readonly error: string | undefined
  readonly ms: number
}

const STEPS = 60
const TIMEOUT_MS = 60_000
/** Both servers see the newest scrape at different times: the comparison ends before it. */
const SETTLED_S = 60

/** Asks both servers everything, one after another. */
export async function compareAll(
  own: string,
  other: string,
  questions: readonly Question[],
  rangeS: number,
): Promise<Comparison[]> {
  const step = Math.max(1, Math.floor(rangeS / STEPS))
  const end = Math.floor((Date.now() / 1000 - SETTLED_S) / step) * step
  const parameters = {
    range: { start: String(end - rangeS), end: String(end), step: String(step) },
    instant: { time: String(end) },
  }
  const found: Comparison[] = []
  for (const question of questions) {
    const when = parameters[question.kind]
    const [a, b] = [await ask(own, question, when), await ask(other, question, when)]
    found.push({ ...question, ownMs: a.ms, otherMs: b.ms, ...judge(a, b) })
  }
  return found
}

async function ask(
  server: string,
  { expr, kind }: Question,
  when: Readonly<Record<string, string>>,
): Promise<Answer> {
  const started = performance.now()
  const failed = (error: string): Answer => ({ series: new Map(), error, ms: performance.now() - started })
  try {
    const path = kind === 'range' ? 'query_range' : 'query'
    const response = await fetch(`${server.replace(/\/+$/, '')}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr, ...when }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body = (await response.json()) as { status: string; error?: string; data?: WrittenData }
    if (body.status !== 'success' || body.data === undefined)
      return failed(body.error ?? `status ${response.status}`)
    return { series: readAnswer(body.data), error: undefined, ms: performance.now() - started }
  } catch (error) {
    return failed((error as Error).message)
  }
}

function judge(own: Answer, other: Answer): Pick<Comparison, 'outcome' | 'detail'> {
  if (own.error !== undefined && other.error !== undefined)
    return { outcome: 'same', detail: 'both refuse it' }
  if (own.error !== undefined) return { outcome: 'failed', detail: `here: ${own.error}` }
  if (other.error !== undefined) return { outcome: 'failed', detail: `there: ${other.error}` }
  const fault = difference(own.series, other.series)
  return fault === undefined ? { outcome: 'same', detail: '' } : { outcome: 'different', detail: fault }
}
