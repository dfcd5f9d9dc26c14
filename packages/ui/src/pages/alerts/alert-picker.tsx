import { useQuery } from '@tanstack/react-query'
import { useId, useState, type ReactNode } from 'react'
import { findAlerts } from '../../data/alertmanager.ts'
import { seriesName } from '../../data/format.ts'
import { useSettled } from '../../parts/settled.ts'

/** Alerts that are offered. */
const OFFERED_MAX = 30

/** Chooses one of the present alerts by a part of its labels; there may be many thousands. */
export function AlertPicker({
  fingerprint,
  name,
  onPick,
}: {
  /** `''`: none is chosen. */
  fingerprint: string
  /** Of the chosen one; undefined when it has ended. */
  name: string | undefined
  onPick: (fingerprint: string) => void
}): ReactNode {
  const [search, setSearch] = useState('')
  const settled = useSettled(search)
  const listId = useId()
  const { data } = useQuery({
    queryKey: ['found-alerts', 'search', settled],
    queryFn: ({ signal }) => findAlerts({ search: settled, limit: OFFERED_MAX }, signal),
    refetchInterval: 10_000,
    placeholderData: (before) => before,
    enabled: fingerprint === '',
  })
  if (fingerprint !== '')
    return (
      <div className="row">
        <code className="grow" style={{ overflowWrap: 'anywhere' }}>
          {name ?? `alert ${fingerprint}, which has ended`}
        </code>
        <button type="button" className="button" onClick={() => onPick('')}>
          All alerts
        </button>
      </div>
    )
  const offered = (data?.alerts ?? []).map((alert) => ({ ...alert, name: seriesName(alert.labels) }))
  const type = (text: string): void => {
    setSearch(text)
    // A whole name is what a choice from the list leaves behind.
    const chosen = offered.find((alert) => alert.name === text)
    if (chosen !== undefined) onPick(chosen.fingerprint)
  }
  return (
    <label className="stack" style={{ gap: 'var(--space-1)' }}>
      <span className="soft small">
        Of which alert? {data === undefined ? '' : hint(search, data.count, data.total)}
      </span>
      <input
        className="field"
        aria-label="Alert"
        list={listId}
        placeholder="A part of its labels, e.g. an instance"
        autoComplete="off"
        spellCheck={false}
        value={search}
        onChange={(event) => type(event.target.value)}
      />
      <datalist id={listId}>
        {offered.map((alert) => (
          <option key={alert.fingerprint} value={alert.name} />
        ))}
      </datalist>
    </label>
  )
}

function hint(search: string, count: number, total: number): string {
  const all = `${total.toLocaleString('en')} ${total === 1 ? 'is' : 'are'} active`
  return search === '' ? all : `${count.toLocaleString('en')} of ${total.toLocaleString('en')} fit`
}
