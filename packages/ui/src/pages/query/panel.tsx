import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { ApiError, type Answer } from '../../data/api.ts'
import { seconds } from '../../data/format.ts'
import { instantQuery, rangeQuery, toChart, type RangeAnswer } from '../../data/queries.ts'
import type { QueryData } from '@promontory/api'
import { Icon } from '../../parts/icon.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, Skeleton } from '../../parts/states.tsx'
import { Editor } from './editor.tsx'
import { Graph } from './graph.tsx'
import { MetricExplorer } from './metric-explorer.tsx'
import type { PanelState } from './panel-url.ts'
import { recentExpressions, rememberExpression } from './query-history.ts'
import { QueryErrorBox } from './query-error-box.tsx'
import { RangePicker } from './range-picker.tsx'
import { ResultTable } from './result-table.tsx'

const Explain = lazy(async () => ({ default: (await import('./explain.tsx')).Explain }))

/** Expressions of the history that an empty panel offers. */
const RECENT_SHOWN = 8

type Result =
  | { readonly kind: 'graph'; readonly answer: RangeAnswer; readonly tookS: number }
  | { readonly kind: 'table'; readonly answer: Answer<QueryData>; readonly tookS: number }

export interface PanelProps {
  readonly index: number
  readonly state: PanelState
  readonly onChange: (state: PanelState) => void
  readonly onRemove?: () => void
}

/** One expression: editor, graph or table, what it cost, what was wrong with it. */
export function Panel({ index, state, onChange, onRemove }: PanelProps): ReactNode {
  const [draft, setDraft] = useState(state.expr)
  const [runs, setRuns] = useState(0)
  const [exploring, setExploring] = useState(false)
  const inserter = useRef<((text: string) => void) | null>(null)
  const { expr, view, rangeS, endS, stepS } = state
  const { data, error, isFetching } = useQuery({
    queryKey: ['panel', expr, view, rangeS, endS, stepS, runs],
    queryFn: ({ signal }) => runQuery(state, signal),
    enabled: expr.trim() !== '' && view !== 'explain',
    retry: false,
    refetchOnWindowFocus: false,
  })
  const run = (text: string): void => {
    setDraft(text)
    if (text === expr) setRuns(runs + 1)
    else onChange({ ...state, expr: text })
  }
  const failed = error !== null && view !== 'explain' ? error : undefined
  const answered = data !== undefined && failed === undefined
  useEffect(() => {
    if (answered) rememberExpression(localStorage, expr)
  }, [answered, expr])
  const insert = (name: string): void => {
    setExploring(false)
    if (inserter.current === null) setDraft(draft + name)
    else inserter.current(name)
  }
  return (
    <section className="card" aria-label={`Panel ${index + 1}`}>
      <div className="card-body stack">
        <div className="row" style={{ alignItems: 'flex-start', flexWrap: 'nowrap' }}>
          <Editor
            value={draft}
            onChange={setDraft}
            onRun={run}
            fault={failed instanceof ApiError && draft === expr ? failed : undefined}
            inserter={inserter}
          />
          <button
            type="button"
            className="button icon-only tall"
            onClick={() => setExploring(true)}
            aria-label="Browse the metrics"
            title="Browse the metrics"
          >
            <Icon name="list" />
          </button>
          <button
            type="button"
            className="button primary tall"
            onClick={() => run(draft)}
            disabled={draft.trim() === ''}
          >
            Run
          </button>
          {onRemove === undefined ? null : (
            <button
              type="button"
              className="button quiet icon-only"
              onClick={onRemove}
              aria-label={`Remove panel ${index + 1}`}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
        <div className="row">
          <Segments
            label="View"
            choices={
              [
                ['graph', 'Graph'],
                ['table', 'Table'],
                ['explain', 'Explain'],
              ] as const
            }
            value={view}
            onChange={(next) => onChange({ ...state, view: next })}
          />
          {view === 'graph' ? <RangePicker state={state} onChange={onChange} /> : null}
          <span className="soft small number" style={{ marginLeft: 'auto' }} aria-live="polite">
            {isFetching
              ? 'Running…'
              : data === undefined || failed !== undefined || expr === '' || data.kind !== view
                ? ''
                : `${countOf(data)} series in ${seconds(data.tookS)}`}
          </span>
        </div>
        {failed === undefined ? null : <QueryErrorBox error={failed} expr={expr} onMend={run} />}
        {data === undefined || failed !== undefined ? null : <Annotations answer={data.answer} />}
        {expr.trim() === '' ? (
          <NothingAsked onRun={run} onExplore={() => setExploring(true)} />
        ) : view === 'explain' ? (
          <Suspense fallback={<Skeleton lines={6} />}>
            <Explain expr={expr} endS={endS} />
          </Suspense>
        ) : failed !== undefined ? null : data === undefined || data.kind !== view ? (
          <ResultSkeleton view={view} />
        ) : (
          <ResultView result={data} state={state} onChange={onChange} />
        )}
      </div>
      {exploring ? <MetricExplorer onPick={insert} onClose={() => setExploring(false)} /> : null}
    </section>
  )
}

/** What an empty panel offers: the way to the metrics, and what was asked before. */
function NothingAsked({
  onRun,
  onExplore,
}: {
  onRun: (expr: string) => void
  onExplore: () => void
}): ReactNode {
  const [recent] = useState(() => recentExpressions(localStorage).slice(0, RECENT_SHOWN))
  return (
    <EmptyState
      icon="query"
      title="Ask something"
      text="Write a PromQL expression, e.g. up, and press Enter. Completion shows what there is."
    >
      <button type="button" className="button" onClick={onExplore}>
        Browse the metrics
      </button>
      {recent.length === 0 ? null : (
        <section className="recent" aria-label="Asked before">
          <h3>Asked before</h3>
          <ul>
            {recent.map((expr) => (
              <li key={expr}>
                <button type="button" className="mono" onClick={() => onRun(expr)}>
                  {expr}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </EmptyState>
  )
}

/** As tall as the chart that follows. */
function ResultSkeleton({ view }: { view: PanelState['view'] }): ReactNode {
  return view === 'graph' ? (
    <div className="skeleton" style={{ height: 340 }} aria-busy="true" aria-label="Loading" role="status" />
  ) : (
    <Skeleton lines={6} />
  )
}

async function runQuery(
  { expr, view, rangeS, endS, stepS }: PanelState,
  signal: AbortSignal,
): Promise<Result> {
  const started = performance.now()
  const toS = endS ?? Date.now() / 1000
  if (view === 'graph') {
    const answer = await rangeQuery(expr, toS - rangeS, toS, signal, stepS)
    return { kind: 'graph', answer, tookS: (performance.now() - started) / 1000 }
  }
  const answer = await instantQuery(expr, signal, endS)
  return { kind: 'table', answer, tookS: (performance.now() - started) / 1000 }
}

function countOf(result: Result): number {
  if (result.kind === 'graph') return result.answer.data.length
  const { data } = result.answer
  return data.resultType === 'vector' || data.resultType === 'matrix' ? data.result.length : 1
}

function Annotations({
  answer,
}: {
  answer: { readonly warnings: readonly string[]; readonly infos: readonly string[] }
}): ReactNode {
  if (answer.warnings.length + answer.infos.length === 0) return null
  return (
    <div className={`notice ${answer.warnings.length > 0 ? 'warn' : ''}`}>
      <ul>
        {[...answer.warnings, ...answer.infos].map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  )
}

function ResultView({
  result,
  state,
  onChange,
}: {
  result: Result
  state: PanelState
  onChange: (state: PanelState) => void
}): ReactNode {
  const chart = useMemo(() => (result.kind === 'graph' ? toChart(result.answer) : undefined), [result])
  if (result.kind === 'table') return <ResultTable data={result.answer.data} />
  if (chart === undefined || chart.series.length === 0)
    return (
      <EmptyState
        title={result.answer.data.length > 0 ? 'Histograms are no lines' : 'No series'}
        text={
          result.answer.data.length > 0
            ? 'Draw a part of them, e.g. with histogram_quantile(0.95, …), or look at the table.'
            : 'Nothing matches in this range. Check the names, the labels, and whether the target is up.'
        }
      />
    )
  return (
    <Graph
      data={chart}
      stacked={state.stacked}
      onZoom={(fromS, toS) =>
        onChange({ ...state, rangeS: Math.max(10, Math.round(toS - fromS)), endS: Math.round(toS) })
      }
    />
  )
}
