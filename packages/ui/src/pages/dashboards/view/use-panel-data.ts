import {
  applyFieldConfig,
  chain,
  durationMs,
  interpolate,
  parseRange,
  PatternError,
  repeatedScope,
  single,
  transform,
  TransformationError,
  unknownMatchers,
  type Frame,
  type PlacedPanel,
  type Scope,
  type TimeRange,
} from '@promontory/panels'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Exemplar } from '../data/exemplars.ts'
import { planQueries, runQueries, type QueryPlan } from '../data/panel-query.ts'
import { sharedPanel } from '../data/shared-panel.ts'
import { useDashboard } from './context.ts'

/** What a panel draws. */
export interface PanelData {
  readonly frames: readonly Frame[]
  readonly exemplars: readonly Exemplar[]
  readonly range: TimeRange
  readonly scope: Scope
  readonly plan: QueryPlan
  readonly isLoading: boolean
  readonly error: Error | undefined
  /** What people should know: warnings of the source, what is not understood. */
  readonly notices: readonly string[]
  /** Whether the panel has a time of its own. */
  readonly ownTime: string | undefined
}

const NO_FRAMES: readonly Frame[] = []
const NO_EXEMPLARS: readonly Exemplar[] = []

/** Asks a panel's questions while it is in view, and prepares what comes back. */
export function usePanelData(original: PlacedPanel, isInView: boolean, widthPx: number): PanelData {
  const view = useDashboard()
  const placed = useMemo(
    () => ({ ...original, panel: sharedPanel(original.panel, view.dashboard.panels) }),
    [original, view.dashboard.panels],
  )
  const { panel, repeats } = placed
  const own = useMemo(() => ownRange(placed, view.range, view.zone), [placed, view.range, view.zone])
  const scope = useMemo(
    () =>
      Object.entries(repeats).reduce<Scope>(
        (outer, [name, option]) => repeatedScope(name, option, outer),
        own.scope === undefined ? view.scope : chain(own.scope, view.scope),
      ),
    [repeats, view.scope, own],
  )
  // Widths in steps, so that a resized window does not ask everything again.
  const width = Math.max(200, Math.ceil(widthPx / 100) * 100)
  const plan = useMemo(
    () =>
      planQueries({
        panel,
        range: own.range,
        scope,
        sources: view.sources,
        widthPx: width,
        filters: view.filters,
      }),
    [panel, own.range, scope, view.sources, view.filters, width],
  )
  const isAsking = plan.questions.length > 0
  const answer = useQuery({
    queryKey: ['panel', plan.questions, view.tick],
    queryFn: ({ signal }) => runQueries(plan, signal),
    enabled: isInView && isAsking && width > 0,
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  })
  const raw = answer.data?.frames ?? NO_FRAMES
  const prepared = useMemo(() => prepare(raw, placed, scope), [raw, placed, scope])
  return {
    ...prepared,
    exemplars: answer.data?.exemplars ?? NO_EXEMPLARS,
    range: own.range,
    scope,
    plan,
    ownTime: own.text,
    isLoading: isAsking && answer.data === undefined && answer.error === null,
    error: answer.error ?? undefined,
    notices: [...(answer.data?.warnings ?? []), ...prepared.notices],
  }
}

function prepare(
  raw: readonly Frame[],
  { panel }: PlacedPanel,
  scope: Scope,
): { readonly frames: readonly Frame[]; readonly notices: readonly string[] } {
  const fill = (text: string): string => interpolate(text, scope)
  const notices = unknownMatchers(panel.fieldConfig).map(
    (id) => `The override matcher '${id}' is not known here.`,
  )
  let frames = raw
  // One that is not known, or that cannot be run, is left out and named; the others do their part.
  for (const transformation of panel.transformations)
    try {
      frames = transform(frames, [transformation], fill)
    } catch (error) {
      if (!(error instanceof TransformationError || error instanceof PatternError)) throw error
      notices.push(error.message)
    }
  return { frames: applyFieldConfig(frames, panel.fieldConfig, fill), notices }
}

interface OwnRange {
  readonly range: TimeRange
  readonly text: string | undefined
  readonly scope: Scope | undefined
}

/** `timeFrom` and `timeShift` of a panel. */
function ownRange({ panel }: PlacedPanel, range: TimeRange, zone: string): OwnRange {
  let own = range
  const texts: string[] = []
  if (panel.timeFrom !== undefined) {
    try {
      const from = panel.timeFrom.startsWith('now') ? panel.timeFrom : `now-${panel.timeFrom}`
      const rounded = /^now\/|^now-\d+\w\//.test(from)
      own = parseRange(
        { from, to: rounded && from.includes('/') && !from.startsWith('now-') ? from : 'now' },
        range.toMs,
        zone,
      )
      texts.push(`last ${panel.timeFrom.replace(/^now-?/, '')}`)
    } catch {
      texts.push(`'${panel.timeFrom}' is no time`)
    }
  }
  const shift = panel.timeShift === undefined ? undefined : durationMs(panel.timeShift)
  if (shift !== undefined) {
    own = { fromMs: own.fromMs - shift, toMs: own.toMs - shift }
    texts.push(`shifted by ${panel.timeShift}`)
  }
  if (own === range) return { range, text: texts[0], scope: undefined }
  const lengthMs = own.toMs - own.fromMs
  const values: Readonly<Record<string, string>> = {
    __from: String(own.fromMs),
    __to: String(own.toMs),
    __range: `${Math.round(lengthMs / 1000)}s`,
    __range_s: String(Math.round(lengthMs / 1000)),
    __range_ms: String(lengthMs),
  }
  return {
    range: own,
    text: panel.hidesTimeOverride ? undefined : texts.join(', '),
    scope: (name) => (values[name] === undefined ? undefined : single(values[name])),
  }
}
