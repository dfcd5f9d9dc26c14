import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { isFound } from '../../parts/search-field.tsx'

/** Rows drawn at most; a search narrows the rest. */
const ROWS_MAX = 200

/** Series that no target publishes: each scrape brings them forth. */
const MADE_BY_SCRAPES: Readonly<Record<string, string>> = {
  up: '1 when the last scrape of the target worked, 0 when it failed.',
  scrape_duration_seconds: 'How long the scrape took.',
  scrape_samples_scraped: 'Samples that the target published.',
  scrape_samples_post_metric_relabeling: 'Samples that were left after metric_relabel_configs.',
  scrape_series_added: 'New series of this scrape, approximately.',
}

interface Metadata {
  readonly type: string
  readonly help: string
  readonly unit: string
}

/** Every metric with its type and help. A click, or Enter on the first, puts the name into the editor. */
export function MetricExplorer({
  onPick,
  onClose,
}: {
  onPick: (name: string) => void
  onClose: () => void
}): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const [search, setSearch] = useState('')
  const { metrics, error, retry } = useMetrics()
  const wanted = useDeferredValue(search)
  const found = useMemo(
    () => metrics?.filter(({ name, help }) => isFound(wanted, [name, help])),
    [metrics, wanted],
  )
  useEffect(() => {
    dialog.current?.showModal()
    // It would be the button that closes, which stands first.
    dialog.current?.querySelector('input')?.focus()
  }, [])
  const pick = (name: string): void => {
    // A dialog that is closed, not only taken away, gives the focus back to where it was.
    dialog.current?.close()
    onPick(name)
  }
  return (
    <dialog ref={dialog} className="sheet wide" aria-labelledby="metrics-title" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (found?.[0] !== undefined) pick(found[0].name)
        }}
      >
        <div className="row">
          <h2 id="metrics-title" style={{ flex: 1 }}>
            Metrics {metrics === undefined ? null : <span className="soft small">{metrics.length}</span>}
          </h2>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        <input
          className="field"
          type="search"
          placeholder="Search in names and descriptions"
          aria-label="Search metrics"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <div className="sheet-list" tabIndex={-1}>
          {error !== null ? (
            <ErrorState error={error} retry={retry} />
          ) : found === undefined ? (
            <Skeleton lines={10} />
          ) : found.length === 0 ? (
            <EmptyState icon="search" title="No metric matches" text="Change the search." />
          ) : (
            <ul>
              {found.slice(0, ROWS_MAX).map(({ name, type, help }) => (
                <li key={name}>
                  <button type="button" className="metric" onClick={() => pick(name)}>
                    <span className="mono">{name}</span> <span className="soft small">{type}</span>
                    <span className="small soft help">{help}</span>
                  </button>
                </li>
              ))}
              {found.length > ROWS_MAX ? (
                <li className="soft small" style={{ padding: 'var(--space-3)' }}>
                  and {found.length - ROWS_MAX} more: narrow the search
                </li>
              ) : null}
            </ul>
          )}
        </div>
      </form>
    </dialog>
  )
}

interface Metric {
  readonly name: string
  readonly type: string
  readonly help: string
}

/** Names come from the storage, so that recorded and pushed series are found too; type and help from the targets. */
function useMetrics(): {
  metrics: readonly Metric[] | undefined
  error: Error | null
  retry: () => void
} {
  const names = useQuery({
    queryKey: ['metric-names'],
    queryFn: ({ signal }) => ask<readonly string[]>('label/__name__/values', {}, signal),
  })
  const metadata = useQuery({
    queryKey: ['metadata'],
    queryFn: ({ signal }) => ask<Readonly<Record<string, readonly Metadata[]>>>('metadata', {}, signal),
  })
  const known = metadata.data?.data
  const listed = names.data?.data
  const metrics = useMemo(
    () =>
      listed === undefined || known === undefined
        ? undefined
        : listed.map((name) => {
            const found = known[name]?.[0] ?? known[name.replace(/_(bucket|sum|count|total)$/, '')]?.[0]
            const made = MADE_BY_SCRAPES[name]
            return {
              name,
              type: found?.type ?? (made === undefined ? '' : 'gauge'),
              help: found?.help ?? made ?? '',
            }
          }),
    [listed, known],
  )
  return { metrics, error: names.error ?? metadata.error, retry: () => void names.refetch() }
}
