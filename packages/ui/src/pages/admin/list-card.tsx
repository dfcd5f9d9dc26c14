import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { GrafanaError } from '../dashboards/data/grafana-api.ts'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** A table of what was asked for, with its states: on the way, refused, nothing there. */
export function ListCard<T>({
  label,
  query,
  heads,
  rows,
  empty,
}: {
  label: string
  query: UseQueryResult<T>
  heads: readonly string[]
  /** One `tr` each. */
  rows: (data: T) => readonly ReactNode[]
  empty: { readonly title: string; readonly text: string }
}): ReactNode {
  const { data, error, refetch } = query
  if (error !== null) return <Refused error={error} retry={() => void refetch()} />
  const shown = data === undefined ? undefined : rows(data)
  return (
    <section className="card" aria-label={label}>
      {shown === undefined ? (
        <Skeleton lines={4} />
      ) : shown.length === 0 ? (
        <EmptyState {...empty} />
      ) : (
        <div className="table-wrap" tabIndex={0} role="region" aria-label={label}>
          <table className="grid cards">
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{shown}</tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** Who is not signed in is led there, who may not see a page is told what is needed; anything else can be tried again. */
function Refused({ error, retry }: { error: Error; retry: () => void }): ReactNode {
  const [location] = useLocation()
  if (!(error instanceof GrafanaError) || (error.status !== 403 && error.status !== 401))
    return <ErrorState error={error} retry={retry} />
  const isUnknown = error.status === 401
  return (
    <section className="card">
      <EmptyState
        title={isUnknown ? 'You are not signed in' : 'This is for administrators'}
        text={isUnknown ? 'What is here is for administrators.' : error.message}
        icon="people"
      >
        {isUnknown ? (
          <Link className="button primary" href={`/login?to=${encodeURIComponent(location)}`}>
            Sign in
          </Link>
        ) : null}
      </EmptyState>
    </section>
  )
}

/** What went wrong when something was changed. */
export function Fault({ text }: { text: string }): ReactNode {
  return text === '' ? null : (
    <p className="notice bad" role="alert">
      {text}
    </p>
  )
}
