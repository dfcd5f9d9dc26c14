import {
  at,
  objectOf,
  objectsOf,
  REDUCERS,
  textOf,
  UNIT_TABLE,
  upgradePanel,
  type JsonObject,
  type PlacedPanel,
} from '@promontory/panels'
import { useRef, useState, type ReactNode } from 'react'
import { ApiError } from '../../../data/api.ts'
import { Icon } from '../../../parts/icon.tsx'
import { Editor } from '../../query/editor.tsx'
import { Explain } from '../../query/explain.tsx'
import { MetricExplorer } from '../../query/metric-explorer.tsx'
import { setAt } from '../data/edits.ts'
import { PANEL_KINDS } from '../panels/panel-kinds.tsx'
import { useDashboard } from '../view/context.ts'
import { PanelFrame, type PanelActions } from '../view/panel-frame.tsx'

/** A panel with its queries and options beside it; every change is drawn at once. */
export function PanelEditor({
  placed,
  actions,
  onChange,
  onClose,
  onSave,
}: {
  placed: PlacedPanel
  actions: PanelActions
  onChange: (panel: JsonObject) => void
  onClose: () => void
  onSave: () => void
}): ReactNode {
  const { json } = placed.panel
  const set = (path: readonly (string | number)[], value: unknown): void => onChange(setAt(json, path, value))
  return (
    <div className="edit-layout" data-editor>
      <div className="stack">
        <div className="preview">
          <PanelFrame placed={placed} actions={actions} isAlone />
        </div>
        <Targets json={json} onChange={(targets) => set(['targets'], targets)} />
        <JsonPart
          title="Transformations (JSON)"
          value={json['transformations'] ?? []}
          onChange={(value) => set(['transformations'], value)}
        />
        <JsonPart
          title="Panel (JSON)"
          value={json}
          onChange={(value) => onChange(upgradePanel(objectOf(value)))}
        />
      </div>
      <form className="edit-options card card-body" onSubmit={(event) => event.preventDefault()}>
        <div className="row">
          <button type="button" className="button" onClick={onClose}>
            Back
          </button>
          <button type="button" className="button primary" onClick={onSave}>
            Save
          </button>
        </div>
        <PanelOptions json={json} set={set} />
      </form>
    </div>
  )
}

function Targets({
  json,
  onChange,
}: {
  json: JsonObject
  onChange: (targets: readonly JsonObject[]) => void
}): ReactNode {
  const targets = objectsOf(json['targets'])
  const change = (index: number, next: JsonObject | undefined): void =>
    onChange(targets.flatMap((target, i) => (i !== index ? [target] : next === undefined ? [] : [next])))
  const add = (): void => {
    const used = new Set(targets.map(({ refId }) => refId))
    const refId =
      [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].find((letter) => !used.has(letter)) ?? `Q${targets.length}`
    onChange([...targets, { refId, expr: '', legendFormat: '__auto', range: true }])
  }
  return (
    <section className="card" aria-label="Queries">
      <div className="card-head">
        <h2 className="grow">Queries</h2>
        <button type="button" className="button" onClick={add}>
          <Icon name="plus" size={16} /> Add a query
        </button>
      </div>
      <div className="card-body stack">
        {targets.map((target, i) => (
          <Target
            key={String(target['refId'] ?? i)}
            target={target}
            isFirst={i === 0}
            onChange={(next) => change(i, next)}
          />
        ))}
      </div>
    </section>
  )
}

function Target({
  target,
  isFirst,
  onChange,
}: {
  target: JsonObject
  isFirst: boolean
  onChange: (next: JsonObject | undefined) => void
}): ReactNode {
  const [text, setText] = useState(textOf(target['expr']) ?? '')
  const [isExploring, setExploring] = useState(false)
  const [isExplained, setExplained] = useState(false)
  const inserter = useRef<((text: string) => void) | null>(null)
  const run = (expr: string): void => onChange({ ...target, expr })
  const kind = target['instant'] === true ? (target['range'] === true ? 'both' : 'instant') : 'range'
  return (
    <div className="stack" data-target={target['refId']}>
      <div className="row" {...(isFirst ? {} : { 'data-other': true })}>
        <strong className="mono">{String(target['refId'] ?? '')}</strong>
        <Editor
          value={text}
          onChange={(next) => setText(next)}
          onRun={run}
          fault={undefined as ApiError | undefined}
          inserter={inserter}
        />
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
        <label className="row small">
          Legend
          <input
            className="field"
            aria-label={`Legend of ${String(target['refId'])}`}
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
        <button
          type="button"
          className="button quiet"
          aria-pressed={target['hide'] === true}
          onClick={() => onChange({ ...target, hide: target['hide'] !== true })}
        >
          {target['hide'] === true ? 'Show' : 'Hide'}
        </button>
        <button type="button" className="button quiet" onClick={() => onChange(undefined)}>
          Remove
        </button>
      </div>
      {isExplained && text.trim() !== '' ? <Explain expr={text} endS={undefined} /> : null}
      {isExploring ? (
        <MetricExplorer
          onClose={() => setExploring(false)}
          onPick={(name) => {
            setExploring(false)
            const next = text.trim() === '' ? name : text
            if (text.trim() === '') setText(name)
            else inserter.current?.(name)
            run(next)
          }}
        />
      ) : null}
    </div>
  )
}

type Set = (path: readonly (string | number)[], value: unknown) => void

function PanelOptions({ json, set }: { json: JsonObject; set: Set }): ReactNode {
  const text = (...path: string[]): string => String(at(json, ...path) ?? '')
  const number =
    (path: readonly string[]) =>
    (value: string): void =>
      set(path, value.trim() === '' || Number.isNaN(Number(value)) ? undefined : Number(value))
  const type = text('type')
  const isGraph = type === 'timeseries' || type === 'trend'
  const isReduced = ['stat', 'gauge', 'bargauge', 'piechart'].includes(type)
  const defaults = ['fieldConfig', 'defaults']
  return (
    <>
      <Field label="Title" value={text('title')} onChange={(value) => set(['title'], value)} />
      <Choice
        label="Kind"
        value={type}
        options={PANEL_KINDS.some(([id]) => id === type) ? PANEL_KINDS : [[type, type], ...PANEL_KINDS]}
        onChange={(value) => set(['type'], value)}
      />
      <Field
        label="Description"
        value={text('description')}
        onChange={(value) => set(['description'], value)}
      />
      {type === 'text' ? (
        <>
          <Choice
            label="Mode"
            value={text('options', 'mode') || 'markdown'}
            options={[
              ['markdown', 'Markdown'],
              ['html', 'HTML'],
              ['code', 'Code'],
            ]}
            onChange={(value) => set(['options', 'mode'], value)}
          />
          <label>
            Content
            <textarea
              className="code-field"
              style={{ minHeight: '12rem' }}
              value={text('options', 'content')}
              onChange={(event) => set(['options', 'content'], event.target.value)}
            />
          </label>
        </>
      ) : (
        <>
          <UnitField
            value={text(...defaults, 'unit')}
            onChange={(value) => set([...defaults, 'unit'], value === '' ? undefined : value)}
          />
          <Field
            label="Decimals"
            value={text(...defaults, 'decimals')}
            onChange={number([...defaults, 'decimals'])}
          />
          <Field label="Min" value={text(...defaults, 'min')} onChange={number([...defaults, 'min'])} />
          <Field label="Max" value={text(...defaults, 'max')} onChange={number([...defaults, 'max'])} />
          <Choice
            label="Colours"
            value={text(...defaults, 'color', 'mode') || 'thresholds'}
            options={[
              ['palette-classic', 'One per series'],
              ['thresholds', 'By threshold'],
              ['fixed', 'One colour'],
              ['continuous-GrYlRd', 'Green to red'],
              ['continuous-blues', 'Blues'],
              ['continuous-viridis', 'Viridis'],
            ]}
            onChange={(value) => set([...defaults, 'color', 'mode'], value)}
          />
          <Thresholds
            steps={objectsOf(at(json, ...defaults, 'thresholds', 'steps'))}
            onChange={(steps) =>
              set([...defaults, 'thresholds'], {
                mode: text(...defaults, 'thresholds', 'mode') || 'absolute',
                steps,
              })
            }
          />
        </>
      )}
      {isGraph ? <GraphOptions text={text} set={set} /> : null}
      {isReduced ? (
        <Choice
          label="Value"
          value={String(at(json, 'options', 'reduceOptions', 'calcs', 0) ?? 'lastNotNull')}
          options={REDUCERS.map(({ id, name }) => [id, name])}
          onChange={(value) => set(['options', 'reduceOptions', 'calcs'], [value])}
        />
      ) : null}
      <RepeatField
        value={text('repeat')}
        onChange={(value) => set(['repeat'], value === '' ? undefined : value)}
      />
    </>
  )
}

function GraphOptions({ text, set }: { text: (...path: string[]) => string; set: Set }): ReactNode {
  const custom = ['fieldConfig', 'defaults', 'custom']
  const number =
    (key: string) =>
    (value: string): void =>
      set([...custom, key], Number(value) || 0)
  return (
    <>
      <Choice
        label="Draw"
        value={text(...custom, 'drawStyle') || 'line'}
        options={[
          ['line', 'Lines'],
          ['bars', 'Bars'],
          ['points', 'Points'],
        ]}
        onChange={(value) => set([...custom, 'drawStyle'], value)}
      />
      <Choice
        label="Between points"
        value={text(...custom, 'lineInterpolation') || 'linear'}
        options={[
          ['linear', 'Straight'],
          ['smooth', 'Smooth'],
          ['stepAfter', 'Steps after'],
          ['stepBefore', 'Steps before'],
        ]}
        onChange={(value) => set([...custom, 'lineInterpolation'], value)}
      />
      <Field label="Line width" value={text(...custom, 'lineWidth') || '1'} onChange={number('lineWidth')} />
      <Field label="Fill, %" value={text(...custom, 'fillOpacity') || '0'} onChange={number('fillOpacity')} />
      <Choice
        label="Stack"
        value={text(...custom, 'stacking', 'mode') || 'none'}
        options={[
          ['none', 'Off'],
          ['normal', 'On top of each other'],
          ['percent', 'As shares'],
        ]}
        onChange={(value) => set([...custom, 'stacking'], { mode: value, group: 'A' })}
      />
      <Choice
        label="Scale"
        value={text(...custom, 'scaleDistribution', 'type') || 'linear'}
        options={[
          ['linear', 'Linear'],
          ['log', 'Logarithmic'],
        ]}
        onChange={(value) =>
          set(
            [...custom, 'scaleDistribution'],
            value === 'log' ? { type: 'log', log: 10 } : { type: 'linear' },
          )
        }
      />
      <Choice
        label="Axis"
        value={text(...custom, 'axisPlacement') || 'auto'}
        options={[
          ['auto', 'Automatic'],
          ['left', 'Left'],
          ['right', 'Right'],
          ['hidden', 'Hidden'],
        ]}
        onChange={(value) => set([...custom, 'axisPlacement'], value)}
      />
      <Choice
        label="Thresholds as"
        value={text(...custom, 'thresholdsStyle', 'mode') || 'off'}
        options={[
          ['off', 'Off'],
          ['line', 'Lines'],
          ['dashed', 'Dashed lines'],
          ['area', 'Areas'],
          ['line+area', 'Lines and areas'],
        ]}
        onChange={(value) => set([...custom, 'thresholdsStyle'], { mode: value })}
      />
      <Choice
        label="Legend"
        value={
          text('options', 'legend', 'showLegend') === 'false'
            ? 'hidden'
            : text('options', 'legend', 'displayMode') || 'list'
        }
        options={[
          ['list', 'List'],
          ['table', 'Table'],
          ['hidden', 'Hidden'],
        ]}
        onChange={(value) =>
          set(['options', 'legend'], {
            calcs: ['mean', 'lastNotNull', 'max'],
            placement: text('options', 'legend', 'placement') || 'bottom',
            displayMode: value === 'hidden' ? 'list' : value,
            showLegend: value !== 'hidden',
          })
        }
      />
    </>
  )
}

function Field({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string) => void
}): ReactNode {
  return (
    <label>
      {label}
      <input className="field" value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  )
}

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: string
  options: readonly (readonly [id: string, name: string])[]
  onChange: (value: string) => void
}): ReactNode {
  const known = options.some(([id]) => id === value) ? options : [[value, value] as const, ...options]
  return (
    <label>
      {label}
      <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>
        {known.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function UnitField({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  return (
    <label>
      Unit
      <input
        className="field"
        list="unit-ids"
        value={value}
        placeholder="none, bytes, s, percent, suffix:…"
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id="unit-ids">
        {UNIT_TABLE.flatMap(([category, units]) =>
          units.map(([id, name]) => <option key={id} value={id}>{`${category}: ${name}`}</option>),
        )}
      </datalist>
    </label>
  )
}

function RepeatField({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  const { dashboard } = useDashboard()
  if (dashboard.variables.length === 0) return null
  return (
    <Choice
      label="Repeat by"
      value={value}
      options={[['', 'Nothing'], ...dashboard.variables.map(({ name, label }) => [name, label] as const)]}
      onChange={onChange}
    />
  )
}

const COLORS = ['green', 'yellow', 'orange', 'red', 'blue', 'purple', 'transparent'] as const

function Thresholds({
  steps,
  onChange,
}: {
  steps: readonly JsonObject[]
  onChange: (steps: readonly JsonObject[]) => void
}): ReactNode {
  const list = steps.length > 0 ? steps : [{ color: 'green', value: null }]
  const change = (index: number, next: JsonObject): void =>
    onChange(list.map((step, i) => (i === index ? next : step)))
  return (
    <fieldset className="stack" style={{ border: 0, padding: 0, margin: 0, gap: 'var(--space-1)' }}>
      <legend className="small soft">Thresholds</legend>
      {list.map((step, i) => (
        <div key={i} className="row">
          <select
            className="field"
            aria-label="Colour"
            value={String(step['color'])}
            onChange={(event) => change(i, { ...step, color: event.target.value })}
          >
            {[...new Set([String(step['color']), ...COLORS])].map((color) => (
              <option key={color}>{color}</option>
            ))}
          </select>
          {i === 0 ? (
            <span className="small soft">below</span>
          ) : (
            <>
              <input
                className="field"
                style={{ width: '5rem' }}
                type="number"
                step="any"
                aria-label="From"
                value={String(step['value'] ?? '')}
                onChange={(event) => change(i, { ...step, value: Number(event.target.value) })}
              />
              <button
                type="button"
                className="button quiet icon-only"
                aria-label="Remove the threshold"
                onClick={() => onChange(list.filter((_, k) => k !== i))}
              >
                ×
              </button>
            </>
          )}
        </div>
      ))}
      <button
        type="button"
        className="button"
        onClick={() => onChange([...list, { color: 'red', value: 80 }])}
      >
        Add a threshold
      </button>
    </fieldset>
  )
}

function JsonPart({
  title,
  value,
  onChange,
}: {
  title: string
  value: unknown
  onChange: (value: unknown) => void
}): ReactNode {
  const written = JSON.stringify(value, null, 2)
  const [text, setText] = useState<string | undefined>(undefined)
  const [fault, setFault] = useState('')
  return (
    <details className="card card-body" onToggle={() => setText(undefined)}>
      <summary>{title}</summary>
      <div className="stack">
        <textarea
          className="code-field"
          aria-label={title}
          spellCheck={false}
          value={text ?? written}
          onChange={(event) => setText(event.target.value)}
        />
        {fault === '' ? null : <p role="alert">{fault}</p>}
        <button
          type="button"
          className="button"
          disabled={text === undefined}
          onClick={() => {
            try {
              onChange(JSON.parse(text ?? written))
              setText(undefined)
              setFault('')
            } catch (error) {
              setFault((error as Error).message)
            }
          }}
        >
          Apply
        </button>
      </div>
    </details>
  )
}
