import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue, useState, type ReactNode } from 'react'
import { Link, useSearchParams } from 'wouter'
import { Icon } from '../../parts/icon.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { grafana, type SearchHit } from './data/grafana-api.ts'

/** Dashboards found at most; a search narrows the rest. */
const FOUND_MAX = 500

/** `/dashboards`: all of them by folder, with search, tags and stars. */
export function DashboardsPage(): ReactNode {
  const client = useQueryClient()
  const [parameters, setParameters] = useSearchParams()
  const [text, setText] = useState(parameters.get('query') ?? '')
  const wanted = useDeferredValue(text)
  const tag = parameters.get('tag') ?? ''
  const isStarred = parameters.has('starred')
  const folder = parameters.get('folder') ?? ''
  const query = new URLSearchParams({ type: 'dash-db', limit: String(FOUND_MAX) })
  if (wanted !== '') query.set('query', wanted)
  if (tag !== '') query.set('tag', tag)
  if (isStarred) query.set('starred', 'true')
  if (folder !== '') query.set('folderUIDs', folder)
  const { data, error, refetch } = useQuery({
    queryKey: ['dashboards', String(query)],
    queryFn: ({ signal }) => grafana<readonly SearchHit[]>(`api/search?${query}`, { signal }),
    retry: false,
  })
  const change = (name: string, value: string): void =>
    setParameters((now) => {
      const next = new URLSearchParams(now)
      if (value === '') next.delete(name)
      else next.set(name, value)
      return next
    })
  const tags = [...new Set((data ?? []).flatMap((hit) => hit.tags))].sort()
  const folders = Map.groupBy(data ?? [], (hit) => hit.folderTitle ?? '')
  const remove = (hit: SearchHit): void => {
    if (!window.confirm(`Delete the dashboard “${hit.title}”?`)) return
    void grafana(`api/dashboards/uid/${encodeURIComponent(hit.uid)}`, { method: 'DELETE' }).then(() =>
      client.invalidateQueries({ queryKey: ['dashboards'] }),
    )
  }
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Dashboards</h1>
        <NewFolder onMade={() => void client.invalidateQueries({ queryKey: ['dashboards'] })} />
        <Link href="/dashboard/import" className="button">
          Import
        </Link>
        <Link href="/dashboard/new" className="button primary">
          <Icon name="plus" size={16} /> New dashboard
        </Link>
      </div>
      <div className="row" style={{ marginBottom: 'var(--space-4)' }}>
        <SearchField
          label="Search dashboards"
          placeholder="Search dashboards"
          value={text}
          onChange={setText}
        />
        <select
          className="field"
          aria-label="Tag"
          value={tag}
          onChange={(event) => change('tag', event.target.value)}
        >
          <option value="">All tags</option>
          {[...new Set([...(tag === '' ? [] : [tag]), ...tags])].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <button
          type="button"
          className="button"
          aria-pressed={isStarred}
          onClick={() => change('starred', isStarred ? '' : '1')}
        >
          {isStarred ? '★' : '☆'} Starred
        </button>
        {folder === '' ? null : (
          <button type="button" className="button" onClick={() => change('folder', '')}>
            All folders
          </button>
        )}
      </div>
      {error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <div className="card">
          <Skeleton lines={6} />
        </div>
      ) : data.length === 0 ? (
        <EmptyState
          title={text === '' && tag === '' && !isStarred ? 'There is no dashboard yet' : 'Nothing found'}
          text={
            text === ''
              ? 'Make one, or import what you have: files of Grafana open here.'
              : 'Try fewer words.'
          }
        />
      ) : (
        <div className="stack">
          {[...folders]
            .sort(([a], [b]) => a.localeCompare(b))
            .map(([name, hits]) => (
              <section key={name} className="card" aria-label={name || 'General'}>
                <div className="card-head">
                  <h2 className="grow">{name || 'General'}</h2>
                  <span className="soft small">{hits.length}</span>
                </div>
                <ul className="dashboard-list card-body stack" style={{ gap: 'var(--space-1)' }}>
                  {hits.map((hit) => (
                    <li key={hit.uid} className="row">
                      <span aria-hidden="true">{hit.isStarred ? '★' : ''}</span>
                      <Link href={hit.url} style={{ flex: 1 }}>
                        {hit.title}
                      </Link>
                      {hit.tags.map((one) => (
                        <button
                          key={one}
                          type="button"
                          className="badge plain"
                          style={{ border: 0, cursor: 'pointer' }}
                          onClick={() => change('tag', one)}
                        >
                          {one}
                        </button>
                      ))}
                      <button
                        type="button"
                        className="button quiet icon-only"
                        aria-label={`Delete ${hit.title}`}
                        onClick={() => remove(hit)}
                      >
                        ×
                      </button>
                    </li>
                  ))}
                </ul>
              </section>
            ))}
        </div>
      )}
    </>
  )
}

function NewFolder({ onMade }: { onMade: () => void }): ReactNode {
  const [title, setTitle] = useState<string | undefined>(undefined)
  const [fault, setFault] = useState('')
  if (title === undefined)
    return (
      <button type="button" className="button" onClick={() => setTitle('')}>
        New folder
      </button>
    )
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        grafana('api/folders', { method: 'POST', body: { title } }).then(
          () => {
            setTitle(undefined)
            onMade()
          },
          (error: Error) => setFault(error.message),
        )
      }}
    >
      <input
        className="field"
        autoFocus
        aria-label="Name of the folder"
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
      <button className="button primary" disabled={title.trim() === ''}>
        Make
      </button>
      {fault === '' ? null : (
        <span role="alert" className="small">
          {fault}
        </span>
      )}
    </form>
  )
}
