import type { ActiveTarget } from '@promontory/api'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { send } from '../../data/api.ts'
import { bytes, seconds, shortNumber } from '../../data/format.ts'
import { Badge } from '../../parts/badge.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** A scrape that stores nothing, as `POST /api/v1/targets/try` answers. */
interface Trial {
  readonly status: string
  readonly contentType: string
  readonly durationMs: number
  readonly body: string
  readonly bodyBytes: number
  readonly series: readonly { readonly scraped: string; readonly stored?: string; readonly value?: number }[]
  readonly seriesCount: number
  readonly error: string
}

/** Rows and characters that are drawn; more would only slow the page down. */
const ROWS_MAX = 500
const CHARACTERS_MAX = 200_000

/** Scrapes a target at once and shows what came back, what was read from it, and what would be stored. */
export function TryTarget({ target, onClose }: { target: ActiveTarget; onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: () =>
      send<Trial>(
        'targets/try',
        new URLSearchParams({ scrapePool: target.scrapePool, scrapeUrl: target.scrapeUrl }).toString(),
        'application/x-www-form-urlencoded',
      ),
  })
  useEffect(() => {
    dialog.current?.showModal()
    mutate()
  }, [mutate])
  return (
    <dialog ref={dialog} className="sheet wide" aria-labelledby="try-title" onClose={onClose}>
      <div className="stack">
        <div className="row">
          <h2 id="try-title" style={{ flex: 1, overflowWrap: 'anywhere' }}>
            {target.scrapeUrl}
          </h2>
          <button type="button" className="button" onClick={() => mutate()} disabled={isPending}>
            Again
          </button>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        {error !== null ? (
          <ErrorState error={error} retry={() => mutate()} />
        ) : data === undefined ? (
          <Skeleton lines={8} />
        ) : (
          <TrialResult trial={data.data} />
        )}
      </div>
    </dialog>
  )
}

function TrialResult({ trial }: { trial: Trial }): ReactNode {
  const [view, setView] = useState<'series' | 'body'>(trial.seriesCount > 0 ? 'series' : 'body')
  return (
    <>
      <p className="row small">
        <Badge tone={trial.error === '' ? 'good' : 'bad'}>{trial.status || 'no answer'}</Badge>
        <span className="soft number">
          {bytes(trial.bodyBytes)} in {seconds(trial.durationMs / 1000)}
          {trial.contentType === '' ? '' : `, ${trial.contentType}`}. Nothing of it is stored.
        </span>
      </p>
      {trial.error === '' ? null : (
        <p className="notice bad" role="alert">
          {trial.error}
        </p>
      )}
      <Segments
        label="What to show"
        value={view}
        onChange={setView}
        choices={[
          ['series', `${shortNumber(trial.seriesCount)} series`],
          ['body', 'Body as it came'],
        ]}
      />
      <div className="sheet-list" tabIndex={0} role="region" aria-label="Result">
        {view === 'series' ? <TrialSeries trial={trial} /> : <TrialBody body={trial.body} />}
      </div>
    </>
  )
}

function TrialSeries({ trial }: { trial: Trial }): ReactNode {
  if (trial.series.length === 0)
    return <EmptyState title="No series" text="Nothing could be read from what came back." />
  return (
    <table className="grid">
      <thead>
        <tr>
          <th scope="col">Stored as</th>
          <th scope="col" className="right">
            Value
          </th>
        </tr>
      </thead>
      <tbody>
        {trial.series.slice(0, ROWS_MAX).map((series) => (
          <tr key={series.scraped}>
            <td className="mono" style={{ overflowWrap: 'anywhere' }}>
              {series.stored ?? (
                <>
                  <s>{series.scraped}</s> <span className="soft">dropped by metric_relabel_configs</span>
                </>
              )}
            </td>
            <td className="right number">{series.value ?? 'histogram'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function TrialBody({ body }: { body: string }): ReactNode {
  if (body === '') return <EmptyState title="No body" text="Nothing came back." />
  return (
    <pre className="code">
      {body.slice(0, CHARACTERS_MAX)}
      {body.length > CHARACTERS_MAX ? '\n… (cut off here)' : ''}
    </pre>
  )
}
