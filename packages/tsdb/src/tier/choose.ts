import type { SelectHints, SelectRequest, TimeRange } from '@promontory/model'

import { BUILD_MS } from './resolution.ts'

/** What there is of a tier. */
export interface TierExtent extends TimeRange {
  readonly resolutionMs: number
}

/** A stretch of time that is answered from one tier; the end is not included. */
export interface TierPiece {
  readonly resolutionMs: number
  readonly fromMs: number
  readonly toMs: number
}

/** From where the samples for one request come: the pieces oldest first, and from `samplesFromMs` on samples as they were taken. */
export interface TierChoice {
  readonly pieces: readonly TierPiece[]
  readonly samplesFromMs: number
}

/** Which aggregate a use of a series needs. */
export type AggregateKind = 'mean' | 'min' | 'max' | 'counter'

const KINDS: ReadonlyMap<string, AggregateKind> = new Map([
  ['avg_over_time', 'mean'],
  ['sum_over_time', 'mean'],
  ['count_over_time', 'mean'],
  ['present_over_time', 'mean'],
  ['min_over_time', 'min'],
  ['max_over_time', 'max'],
  ['rate', 'counter'],
  ['increase', 'counter'],
])
/** Functions of counters that aggregates answer roughly, when there is nothing else. */
const ROUGH_COUNTER = new Set(['irate', 'resets', 'changes'])

export function kindOf(hints: SelectHints | undefined): AggregateKind {
  if (hints === undefined || hints.rangeMs === 0) return 'mean'
  return KINDS.get(hints.func) ?? (ROUGH_COUNTER.has(hints.func) ? 'counter' : 'mean')
}

/** Windows that hold so many of a tier's may begin and end anywhere: what is cut at their ends does not count. */
const WINDOWS_ENOUGH = 200

/**
 * The coarsest resolution that answers a request as the samples would: its windows hold two of the tier's at least, and begin and end where those do,
 * or hold very many.
 * @returns 0 for none
 */
export function resolutionFor(hints: SelectHints | undefined, resolutions: readonly number[]): number {
  if (hints === undefined || hints.rangeMs === 0 || !KINDS.has(hints.func)) return 0
  const { rangeMs, stepMs, firstStepMs } = hints
  const fits = (resolution: number): boolean => {
    if (rangeMs < 2 * resolution || (stepMs > 0 && stepMs < resolution)) return false
    if (rangeMs >= WINDOWS_ENOUGH * resolution) return true
    return [rangeMs, stepMs, firstStepMs ?? 1].every((time) => time % resolution === 0)
  }
  return resolutions.filter(fits).reduce((most, each) => Math.max(most, each), 0)
}

/**
 * Divides the time of a request among samples and tiers: where there is a tier that answers as well, by the coarsest such; elsewhere by samples; where there are
 * none any more, by the finest tier.
 * @param samplesFromMs  from when on there are samples
 */
export function chooseTiers(
  request: SelectRequest,
  tiers: readonly TierExtent[],
  samplesFromMs: number,
): TierChoice {
  const { startMs, endMs, hints } = request
  const border = borderOf(tiers, samplesFromMs, kindOf(hints))
  const wanted = resolutionFor(hints, tiers.map(({ resolutionMs }) => resolutionMs)) // prettier-ignore
  const borders = bordersIn(startMs, endMs + 1, [
    border,
    ...tiers.flatMap((tier) => [tier.startMs, tier.endMs + 1]),
  ])
  const pieces: TierPiece[] = []
  let rawFromMs = startMs
  for (let i = 0; i + 1 < borders.length; i++) {
    const [fromMs, toMs] = [borders[i]!, borders[i + 1]!]
    const present = tiers.filter((tier) => tier.startMs <= fromMs && tier.endMs + 1 >= toMs)
    const resolutionMs = best(present, fromMs >= border, wanted)
    if (resolutionMs === 0) continue
    rawFromMs = toMs
    const last = pieces.at(-1)
    if (last?.resolutionMs === resolutionMs && last.toMs === fromMs)
      pieces[pieces.length - 1] = { ...last, toMs }
    else pieces.push({ resolutionMs, fromMs, toMs })
  }
  return { pieces, samplesFromMs: pieces.length === 0 ? -Infinity : rawFromMs }
}

/** For counters tiers go on to the end of the day in which the samples begin now: only there a chunk tells what a counter really read. */
function borderOf(tiers: readonly TierExtent[], samplesFromMs: number, kind: AggregateKind): number {
  if (kind !== 'counter') return samplesFromMs
  const dayMs = Math.floor(samplesFromMs / BUILD_MS) * BUILD_MS
  const endMs = dayMs === samplesFromMs ? dayMs : dayMs + BUILD_MS
  const reaches = tiers.some((tier) => tier.startMs < dayMs && tier.endMs + 1 >= endMs)
  return reaches ? endMs : samplesFromMs
}

function bordersIn(fromMs: number, toMs: number, times: readonly number[]): number[] {
  const inside = times.filter((time) => time > fromMs && time < toMs)
  return [...new Set([fromMs, ...inside, toMs])].sort((a, b) => a - b)
}

/** @returns 0 for the samples, or where there is nothing */
function best(present: readonly TierExtent[], hasSamples: boolean, wanted: number): number {
  const resolutions = present.map(({ resolutionMs }) => resolutionMs)
  const good = resolutions.filter((each) => each <= wanted)
  if (good.length > 0) return Math.max(...good)
  return hasSamples || resolutions.length === 0 ? 0 : Math.min(...resolutions)
}
