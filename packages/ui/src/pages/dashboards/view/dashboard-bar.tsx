import { allVariablesText, interpolate, listOf, safeUrl, textOf, type JsonObject } from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { Icon } from '../../../parts/icon.tsx'
import type { DialogName } from '../dashboard-screen.tsx'
import { grafana, type DashboardMeta, type SearchHit } from '../data/grafana-api.ts'
import { useDashboard } from './context.ts'
import { TimePicker } from './time-picker.tsx'

/** Title, star, links, time, and what can be done with the dashboard. */
export function DashboardBar({
  meta,
  isChanged,
  refresh,
  onRefresh,
  onReload,
  onAdd,
  onAddRow,
  onDialog,
  onDiscard,
}: {
  meta: DashboardMeta
  isChanged: boolean
  refresh: string
  onRefresh: (interval: string) => void
  onReload: () => void
  onAdd: () => void
  onAddRow: () => void
  onDialog: (name: DialogName) => void
  onDiscard: (() => void) | undefined
}): ReactNode {
  const { dashboard, rawRange, range, zone, isEditable, setTime } = useDashboard()
  const [copied, setCopied] = useState(false)
  const share = (): void => {
    const url = new URL(window.location.href)
    url.searchParams.set('from', String(range.fromMs))
    url.searchParams.set('to', String(range.toMs))
    void navigator.clipboard?.writeText(url.href).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1500)
    })
  }
  return (
    <div className="dashboard-bar">
      <h1 title={dashboard.description || undefined}>
        {meta.folderUid === undefined || meta.folderUid === '' || meta.folderUid === 'general' ? null : (
          <Link href={`/dashboards?folder=${meta.folderUid}`} className="soft">
            {meta.folderTitle} /{' '}
          </Link>
        )}
        {dashboard.title}
      </h1>
      {dashboard.uid === '' ? null : <Star uid={dashboard.uid} isStarred={meta.isStarred === true} />}
      <DashboardLinks links={dashboard.links} />
      <span className="grow" />
      {isEditable ? (
        <>
          <details
            className="menu"
            onBlur={(event) =>
              !event.currentTarget.contains(event.relatedTarget) && (event.currentTarget.open = false)
            }
          >
            <summary className="button">
              <Icon name="plus" size={16} /> Add
            </summary>
            <ul>
              <li>
                <button type="button" onClick={onAdd}>
                  Panel <kbd>d a</kbd>
                </button>
              </li>
              <li>
                <button type="button" onClick={onAddRow}>
                  Row
                </button>
              </li>
            </ul>
          </details>
          <button
            type="button"
            className={`button${isChanged ? ' primary' : ''}`}
            onClick={() => onDialog('save')}
          >
            Save
          </button>
        </>
      ) : null}
      <details
        className="menu"
        onClick={(event) =>
          (event.target as HTMLElement).closest('li') !== null && (event.currentTarget.open = false)
        }
        onBlur={(event) =>
          !event.currentTarget.contains(event.relatedTarget) && (event.currentTarget.open = false)
        }
      >
        <summary className="button" aria-label="More">
          ⋯
        </summary>
        <ul>
          <li>
            <button type="button" onClick={share}>
              {copied ? 'Copied' : 'Copy the link'}
            </button>
          </li>
          <li>
            <button type="button" onClick={() => onDialog('settings')}>
              Settings <kbd>d s</kbd>
            </button>
          </li>
          <li>
            <button type="button" onClick={() => onDialog('json')}>
              JSON, export
            </button>
          </li>
          {dashboard.uid === '' ? null : (
            <li>
              <button type="button" onClick={() => onDialog('versions')}>
                Versions
              </button>
            </li>
          )}
          {onDiscard === undefined ? null : (
            <li>
              <button type="button" onClick={onDiscard}>
                Discard the changes
              </button>
            </li>
          )}
          <li>
            <button type="button" onClick={() => onDialog('keys')}>
              Keys <kbd>?</kbd>
            </button>
          </li>
        </ul>
      </details>
      {dashboard.hidesTimepicker ? null : (
        <TimePicker
          raw={rawRange}
          range={range}
          zone={zone}
          refresh={refresh}
          intervals={dashboard.refreshIntervals}
          onTime={setTime}
          onRefresh={onRefresh}
          onReload={onReload}
        />
      )}
    </div>
  )
}

function Star({ uid, isStarred }: { uid: string; isStarred: boolean }): ReactNode {
  const [now, setNow] = useState(isStarred)
  const toggle = (): void => {
    setNow(!now)
    void grafana(`api/user/stars/dashboard/uid/${encodeURIComponent(uid)}`, {
      method: now ? 'DELETE' : 'POST',
    }).catch(() => setNow(now))
  }
  return (
    <button
      type="button"
      className="button quiet icon-only"
      aria-pressed={now}
      aria-label="Star"
      title={now ? 'Remove the star' : 'Star this dashboard'}
      onClick={toggle}
    >
      {now ? '★' : '☆'}
    </button>
  )
}

function DashboardLinks({ links }: { links: readonly JsonObject[] }): ReactNode {
  return links.map((link, i) =>
    link['type'] === 'dashboards' ? <TagLinks key={i} link={link} /> : <PlainLink key={i} link={link} />,
  )
}

/** What a link carries along: variables and time. */
function useCarried(link: JsonObject): string {
  const { dashboard, choices, rawRange } = useDashboard()
  const parts = [
    link['includeVars'] === true ? allVariablesText(dashboard.variables, choices) : '',
    link['keepTime'] === true ? `from=${rawRange.from}&to=${rawRange.to}` : '',
  ].filter((part) => part !== '')
  return parts.join('&')
}

function PlainLink({ link }: { link: JsonObject }): ReactNode {
  const { scope } = useDashboard()
  const carried = useCarried(link)
  const href = safeUrl(interpolate(textOf(link['url']) ?? '', scope))
  if (href === undefined) return null
  const full = carried === '' ? href : `${href}${href.includes('?') ? '&' : '?'}${carried}`
  return (
    <a
      className="button quiet"
      href={full}
      title={textOf(link['tooltip'])}
      {...(link['targetBlank'] === true ? { target: '_blank', rel: 'noreferrer' } : {})}
    >
      {interpolate(textOf(link['title']) ?? href, scope)}
    </a>
  )
}

function TagLinks({ link }: { link: JsonObject }): ReactNode {
  const carried = useCarried(link)
  const tags = listOf(link['tags']).map(String)
  const query = new URLSearchParams({ type: 'dash-db', limit: '100' })
  for (const tag of tags) query.append('tag', tag)
  const { data = [] } = useQuery({
    queryKey: ['dashboards', String(query)],
    queryFn: ({ signal }) => grafana<readonly SearchHit[]>(`api/search?${query}`, { signal }),
    staleTime: 60_000,
    retry: false,
  })
  const rows = data.map((hit) => (
    <Link
      key={hit.uid}
      className={link['asDropdown'] === true ? '' : 'button quiet'}
      href={`${hit.url}${carried === '' ? '' : `?${carried}`}`}
    >
      {hit.title}
    </Link>
  ))
  if (link['asDropdown'] !== true) return <>{rows}</>
  return (
    <details
      className="menu"
      onBlur={(event) =>
        !event.currentTarget.contains(event.relatedTarget) && (event.currentTarget.open = false)
      }
    >
      <summary className="button quiet">{textOf(link['title']) || tags.join(', ') || 'Dashboards'} ▾</summary>
      <ul>
        {rows.length === 0 ? (
          <li className="soft small">No dashboard has {tags.join(', ')}</li>
        ) : (
          rows.map((row, i) => <li key={i}>{row}</li>)
        )}
      </ul>
    </details>
  )
}
