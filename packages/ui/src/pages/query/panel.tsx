import { useQuery } from '@tanstack/react-query'
import { useMemo, useState, type ReactNode } from 'react'
import { ApiError, type Answer } from '../../data/api.ts'
import { seconds } from '../../data/format.ts'
import { instantQuery, rangeQuery, toChart, type RangeAnswer } from '../../data/queries.ts'
import type { QueryData } from '@promontory/api'
import { Icon } from '../../parts/icon.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, Skeleton } from '../../parts/states.tsx'
import { Editor } from './editor.tsx'
import { Graph } from './graph.tsx'
import type { PanelState } from './panel-url.ts'
import { QueryErrorBox } from './query-error-box.tsx'
import { RangePicker } from './range-picker.tsx'
import { ResultTable } from './result-table.tsx'

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
  const { expr, view, rangeS, endS, stepS } = state
  const { data, error, isFetching } = useQuery({
    queryKey: ['panel', expr, view, rangeS, endS, stepS, runs],
    queryFn: ({ signal }) => runQuery(state, signal),
    enabled: expr.trim() !== '',
    retry: false,
    refetchOnWindowFocus: false,
  })
  const run = (text: string): void => {
    setDraft(text)
    if (text === expr) setRuns(runs + 1)
    else onChange({ ...state, expr: text })
  }
  const failed = error !== null ? error : undefined
  return (
    <section className="card" aria-label={`Panel ${index + 1}`}>
      <div className="card-body stack">
        <div className="row" style={{ alignItems: 'flex-start', flexWrap: 'nowrap' }}>
          <Editor
            value={draft}
            onChange={setDraft}
            onRun={run}
            fault={failed instanceof ApiError && draft === expr ? failed : undefined}
          />
          <button
            type="button"
            className="button primary"
            style={{ minHeight: '2.5rem' }}
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
              ] as const
            }
            value={view}
            onChange={(next) => onChange({ ...state, view: next })}
          />
          {view === 'graph' ? <RangePicker state={state} onChange={onChange} /> : null}
          <span className="soft small number" style={{ marginLeft: 'auto' }} aria-live="polite">
            {isFetching
              ? 'Running…'
              : data === undefined || failed !== undefined || expr === ''
                ? ''
                : `${countOf(data)} series in ${seconds(data.tookS)}`}
          </span>
        </div>
        {failed === undefined ? null : <QueryErrorBox error={failed} expr={expr} onMend={run} />}
        {data === undefined || failed !== undefined ? null : <Annotations answer={data.answer} />}
        {expr.trim() === '' ? (
          <EmptyState
            icon="query"
            title="Ask something"
            text="Write a PromQL expression, e.g. up, and press Enter. Completion shows what there is."
          />
        ) : failed !== undefined ? null : data === undefined || data.kind !== view ? (
          <Skeleton lines={6} />
        ) : (
          <ResultView result={data} state={state} onChange={onChange} />
        )}
      </div>
    </section>
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
        title="No series"
        text="Nothing matches in this range. Check the names, the labels, and whether the target is up."
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
