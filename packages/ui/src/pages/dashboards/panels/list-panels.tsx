import { listOf, numberOf, textOf } from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { ago } from '../../../data/format.ts'
import { grafana, type SearchHit } from '../data/grafana-api.ts'
import { useDashboard } from '../view/context.ts'
import type { PanelProps } from './panel-props.tsx'

/** Links to dashboards: starred, recent, or found. */
export function DashboardListPanel({ panel }: PanelProps): ReactNode {
  const { tick } = useDashboard()
  const { options } = panel
  const query = new URLSearchParams({ type: 'dash-db', limit: String(numberOf(options['maxItems']) ?? 30) })
  const isSearch = options['showSearch'] === true
  if (isSearch && textOf(options['query'])) query.set('query', textOf(options['query'])!)
  if (isSearch) for (const tag of listOf(options['tags'])) query.append('tag', String(tag))
  if (!isSearch && options['showStarred'] !== false) query.set('starred', 'true')
  const { data, error } = useQuery({
    queryKey: ['dashboards', String(query), tick],
    queryFn: ({ signal }) => grafana<readonly SearchHit[]>(`api/search?${query}`, { signal }),
  })
  if (error !== null) return <div className="panel-empty">{error.message}</div>
  if (data?.length === 0)
    return (
      <div className="panel-empty" data-mark>
        No dashboard.
      </div>
    )
  return (
    <ul className="panel-list" data-mark>
      {data?.map((hit) => (
        <li key={hit.uid}>
          <Link href={hit.url}>{hit.title}</Link>
          <span className="soft small">{hit.folderTitle ?? ''}</span>
        </li>
      ))}
    </ul>
  )
}

interface Annotation {
  readonly id: number
  readonly time: number
  readonly text: string
  readonly tags: readonly string[]
}

/** What has been marked in the time of the dashboard. */
export function AnnotationListPanel({ panel, data: { range } }: PanelProps): ReactNode {
  const { tick } = useDashboard()
  const query = new URLSearchParams({
    limit: String(numberOf(panel.options['limit']) ?? 20),
    from: String(range.fromMs),
    to: String(range.toMs),
  })
  for (const tag of listOf(panel.options['tags'])) query.append('tags', String(tag))
  const { data, error } = useQuery({
    queryKey: ['annotations', String(query), tick],
    queryFn: ({ signal }) => grafana<readonly Annotation[]>(`api/annotations?${query}`, { signal }),
  })
  if (error !== null) return <div className="panel-empty">{error.message}</div>
  if (data?.length === 0)
    return (
      <div className="panel-empty" data-mark>
        No annotation in this time.
      </div>
    )
  return (
    <ul className="panel-list" data-mark>
      {data?.map((one) => (
        <li key={one.id}>
          <span>{one.text}</span>
          {one.tags.map((tag) => (
            <span key={tag} className="badge plain">
              {tag}
            </span>
          ))}
          <span className="soft small">{ago(new Date(one.time).toISOString(), Date.now())}</span>
        </li>
      ))}
    </ul>
  )
}
