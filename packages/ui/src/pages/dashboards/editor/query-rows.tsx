import { interpolate, objectOf, objectsOf, textOf, type JsonObject } from '@promontory/panels'
import { useRef, useState, type ReactNode } from 'react'
import { Icon } from '../../../parts/icon.tsx'
import { Editor } from '../../query/editor.tsx'
import { Explain } from '../../query/explain.tsx'
import { MetricExplorer } from '../../query/metric-explorer.tsx'
import { resolveSource, type DataSource, type Resolved } from '../data/data-sources.ts'
import { useDashboard } from '../view/context.ts'
import { LogQuery, TraceQuery } from './other-queries.tsx'
import { MIXED, SourcePicker } from './source-picker.tsx'

/** The queries of a panel. */
export function QueryRows({
  json,
  onChange,
  onSource,
}: {
  json: JsonObject
  onChange: (targets: readonly JsonObject[]) => void
  /** Another data source for the whole panel; undefined: the default one. */
  onSource: (datasource: JsonObject | undefined) => void
}): ReactNode {
  const { sources, scope } = useDashboard()
  const targets = objectsOf(json['targets'])
  const isMixed = json['datasource'] === MIXED || objectOf(json['datasource'])['uid'] === MIXED
  const kindOf = (target: JsonObject): Resolved['kind'] => {
    const own = isMixed ? target['datasource'] : (json['datasource'] ?? target['datasource'])
    return resolveSource(own, sources, (text) => interpolate(text, scope)).kind
  }
  const change = (index: number, next: JsonObject | undefined): void =>
    onChange(targets.flatMap((target, i) => (i !== index ? [target] : next === undefined ? [] : [next])))
  const add = (): void =>
    onChange([...targets, { refId: freeRefId(targets), expr: '', legendFormat: '__auto', range: true }])
  return (
    <section className="card" aria-label="Queries">
      <div className="card-head">
        <h2 className="grow">Queries</h2>
        <SourcePicker
          label="Data source of the panel"
          value={json['datasource']}
          sources={sources}
          hasMixed
          onChange={onSource}
        />
        <button type="button" className="button" onClick={add}>
          <Icon name="plus" size={16} /> Add a query
        </button>
      </div>
      <div className="card-body stack">
        {targets.length === 0 ? <p className="soft small">This panel asks nothing.</p> : null}
        {targets.map((target, i) => (
          <QueryRow
            key={String(target['refId'] ?? i)}
            target={target}
            kind={kindOf(target)}
            sources={isMixed ? sources : undefined}
            onChange={(next) => change(i, next)}
            onDuplicate={() => onChange([...targets, { ...target, refId: freeRefId(targets) }])}
          />
        ))}
      </div>
    </section>
  )
}

function freeRefId(targets: readonly JsonObject[]): string {
  const used = new Set(targets.map(({ refId }) => refId))
  return [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].find((letter) => !used.has(letter)) ?? `Q${targets.length}`
}

function QueryRow({
  target,
  kind,
  sources,
  onChange,
  onDuplicate,
}: {
  target: JsonObject
  kind: Resolved['kind']
  /** To choose from, where each query has a source of its own. */
  sources: readonly DataSource[] | undefined
  onChange: (next: JsonObject | undefined) => void
  onDuplicate: () => void
}): ReactNode {
  const name = String(target['refId'] ?? '')
  const common = { target, name, onChange }
  return (
    <div className="stack" role="group" aria-label={`Query ${name}`} data-target={name}>
      {sources === undefined ? null : (
        <SourcePicker
          label={`Data source of ${name}`}
          value={target['datasource']}
          sources={sources}
          onChange={(datasource) => onChange({ ...target, datasource })}
        />
      )}
      {kind === 'logs' || kind === 'traces' ? (
        <div className="row">
          <strong className="mono">{name}</strong>
          {kind === 'logs' ? <LogQuery {...common} /> : <TraceQuery {...common} />}
        </div>
      ) : (
        <MetricQuery {...common} />
      )}
      <div className="row">
        {kind === 'traces' ? null : <QueryOptions {...common} />}
        <button
          type="button"
          className="button quiet"
          aria-pressed={target['hide'] === true}
          onClick={() => onChange({ ...target, hide: target['hide'] !== true })}
        >
          {target['hide'] === true ? 'Show' : 'Hide'}
        </button>
        <button type="button" className="button quiet" onClick={onDuplicate}>
          Duplicate
        </button>
        <button type="button" className="button quiet" onClick={() => onChange(undefined)}>
          Remove
        </button>
      </div>
    </div>
  )
}

/** A query in PromQL, with completion, the explorer of metrics and an explanation. */
function MetricQuery({
  target,
  name,
  onChange,
}: {
  target: JsonObject
  name: string
  onChange: (next: JsonObject) => void
}): ReactNode {
  const [text, setText] = useState(textOf(target['expr']) ?? '')
  const [isExploring, setExploring] = useState(false)
  const [isExplained, setExplained] = useState(false)
  const inserter = useRef<((text: string) => void) | null>(null)
  const run = (expr: string): void => onChange({ ...target, expr })
  return (
    <>
      <div className="row">
        <strong className="mono">{name}</strong>
        <Editor value={text} onChange={setText} onRun={run} fault={undefined} inserter={inserter} />
        <button type="button" className="button primary" onClick={() => run(text)}>
          Run
        </button>
      </div>
      <div className="row">
        <button type="button" className="button" onClick={() => setExploring(true)}>
          Find a metric
        </button>
        <button
          type="button"
          className="button"
          aria-pressed={isExplained}
          onClick={() => setExplained(!isExplained)}
        >
          Explain
        </button>
      </div>
      {isExplained && text.trim() !== '' ? <Explain expr={text} endS={undefined} /> : null}
      {isExploring ? (
        <MetricExplorer
          onClose={() => setExploring(false)}
          onPick={(metric) => {
            setExploring(false)
            const next = text.trim() === '' ? metric : text
            if (text.trim() === '') setText(metric)
            else inserter.current?.(metric)
            run(next)
          }}
        />
      ) : null}
    </>
  )
}

function QueryOptions({
  target,
  name,
  onChange,
}: {
  target: JsonObject
  name: string
  onChange: (next: JsonObject) => void
}): ReactNode {
  const kind = target['instant'] === true ? (target['range'] === true ? 'both' : 'instant') : 'range'
  return (
    <>
      <label className="row small">
        Legend
        <input
          className="field"
          aria-label={`Legend of ${name}`}
          value={textOf(target['legendFormat']) ?? ''}
          placeholder="{{label}}"
          onChange={(event) => onChange({ ...target, legendFormat: event.target.value })}
        />
      </label>
      <label className="row small">
        Format
        <select
          className="field"
          value={textOf(target['format']) ?? 'time_series'}
          onChange={(event) => onChange({ ...target, format: event.target.value })}
        >
          <option value="time_series">Time series</option>
          <option value="table">Table</option>
          <option value="heatmap">Heat map</option>
        </select>
      </label>
      <label className="row small">
        Asks
        <select
          className="field"
          value={kind}
          onChange={(event) =>
            onChange({
              ...target,
              instant: event.target.value !== 'range',
              range: event.target.value !== 'instant',
            })
          }
        >
          <option value="range">over time</option>
          <option value="instant">now</option>
          <option value="both">both</option>
        </select>
      </label>
      <label className="row small">
        <input
          type="checkbox"
          checked={target['exemplar'] === true}
          onChange={(event) => onChange({ ...target, exemplar: event.target.checked })}
        />
        Exemplars
      </label>
      <label className="row small">
        Least step
        <input
          className="field"
          size={6}
          value={textOf(target['interval']) ?? ''}
          placeholder="15s"
          onChange={(event) => onChange({ ...target, interval: event.target.value })}
        />
      </label>
    </>
  )
}
