import { useState, type ReactNode } from 'react'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { Fault } from './list-card.tsx'
import { useList, useWork } from './use-list.ts'

/** A data source as the API has it; what the form does not know goes back as it came. */
interface Source {
  readonly uid?: string
  readonly name: string
  readonly type: string
  readonly url: string
  readonly isDefault: boolean
  readonly basicAuth: boolean
  readonly basicAuthUser: string
  readonly jsonData: Readonly<Record<string, unknown>>
  readonly secureJsonFields?: Readonly<Record<string, boolean>>
}

const EMPTY: Source = {
  name: '',
  type: 'prometheus',
  url: '',
  isDefault: false,
  basicAuth: false,
  basicAuthUser: '',
  jsonData: {},
}

const TYPES: readonly (readonly [type: string, name: string, example: string])[] = [
  ['prometheus', 'Prometheus', 'http://localhost:9090'],
  ['loki', 'Loki', 'http://localhost:3100'],
  ['jaeger', 'Jaeger', 'http://localhost:16686'],
  ['alertmanager', 'Alertmanager', 'http://localhost:9093'],
  ['tempo', 'Tempo', 'http://localhost:3200'],
  ['zipkin', 'Zipkin', 'http://localhost:9411'],
]

/** Adds a data source (`uid` is empty) or changes one. */
export function DataSourceForm({ uid, onDone }: { uid: string; onDone: () => void }): ReactNode {
  if (uid === '') return <Form source={EMPTY} onDone={onDone} />
  return <Loaded uid={uid} onDone={onDone} />
}

function Loaded({ uid, onDone }: { uid: string; onDone: () => void }): ReactNode {
  const { data, error, refetch } = useList<Source>(`api/datasources/uid/${encodeURIComponent(uid)}`)
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <section className="card">
        <Skeleton lines={5} />
      </section>
    )
  return <Form source={data} onDone={onDone} />
}

function Form({ source, onDone }: { source: Source; onDone: () => void }): ReactNode {
  const work = useWork()
  const [draft, setDraft] = useState(source)
  const [password, setPassword] = useState('')
  const set = (change: Partial<Source>): void => setDraft({ ...draft, ...change })
  const setJson = (name: string, value: unknown): void => {
    const { [name]: _, ...rest } = draft.jsonData
    set({ jsonData: value === undefined ? rest : { ...rest, [name]: value } })
  }
  const save = (): void => {
    const { secureJsonFields: _, ...kept } = draft
    const body = { ...kept, ...(password === '' ? {} : { secureJsonData: { basicAuthPassword: password } }) }
    const isNew = source.uid === undefined
    const path = isNew ? 'api/datasources' : `api/datasources/uid/${encodeURIComponent(source.uid)}`
    void work
      .run(() => grafana(path, { method: isNew ? 'POST' : 'PUT', body }))
      .then((isDone) => isDone && onDone())
  }
  const interval = draft.jsonData['timeInterval']
  return (
    <section className="card" aria-labelledby="source-title">
      <div className="card-head">
        <h2 id="source-title">{source.uid === undefined ? 'New data source' : source.name}</h2>
      </div>
      <form
        className="card-body stack"
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        <Fault text={work.fault} />
        <div className="form-grid">
          <label>
            Name
            <input
              className="field"
              required
              autoFocus
              value={draft.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          </label>
          <label>
            Type
            <select
              className="field"
              value={draft.type}
              onChange={(event) => set({ type: event.target.value })}
            >
              {TYPES.some(([type]) => type === draft.type) ? null : <option>{draft.type}</option>}
              {TYPES.map(([type, name]) => (
                <option key={type} value={type}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            Address
            <input
              className="field"
              required
              placeholder={TYPES.find(([type]) => type === draft.type)?.[2]}
              value={draft.url}
              onChange={(event) => set({ url: event.target.value })}
            />
          </label>
          {draft.type === 'prometheus' ? (
            <label>
              Scrape interval
              <input
                className="field"
                placeholder="15s"
                value={typeof interval === 'string' ? interval : ''}
                onChange={(event) => setJson('timeInterval', event.target.value || undefined)}
              />
            </label>
          ) : null}
        </div>
        <div className="row">
          <Flag
            label="Panels without a data source use it"
            value={draft.isDefault}
            onChange={(isDefault) => set({ isDefault })}
          />
          <Flag
            label="Name and password"
            value={draft.basicAuth}
            onChange={(basicAuth) => set({ basicAuth })}
          />
          <Flag
            label="Any certificate will do"
            value={draft.jsonData['tlsSkipVerify'] === true}
            onChange={(value) => setJson('tlsSkipVerify', value || undefined)}
          />
        </div>
        {draft.basicAuth ? (
          <div className="form-grid">
            <label>
              Name there
              <input
                className="field"
                autoComplete="off"
                value={draft.basicAuthUser}
                onChange={(event) => set({ basicAuthUser: event.target.value })}
              />
            </label>
            <label>
              Password there
              <input
                className="field"
                type="password"
                autoComplete="new-password"
                placeholder={draft.secureJsonFields?.['basicAuthPassword'] === true ? 'stays as it is' : ''}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </label>
          </div>
        ) : null}
        <div className="row">
          <button className="button primary" disabled={work.isBusy}>
            Save
          </button>
          <button type="button" className="button" onClick={onDone}>
            Cancel
          </button>
        </div>
      </form>
    </section>
  )
}

function Flag({
  label,
  value,
  onChange,
}: {
  label: string
  value: boolean
  onChange: (value: boolean) => void
}): ReactNode {
  return (
    <label className="row">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} /> {label}
    </label>
  )
}
