import { describeRange, formatDate, parseRange, type RawRange, type TimeRange } from '@promontory/panels'
import { useRef, useState, type ReactNode } from 'react'

const QUICK: readonly (readonly [text: string, from: string, to: string])[] = [
  ['Last 5 minutes', 'now-5m', 'now'],
  ['Last 15 minutes', 'now-15m', 'now'],
  ['Last 30 minutes', 'now-30m', 'now'],
  ['Last hour', 'now-1h', 'now'],
  ['Last 3 hours', 'now-3h', 'now'],
  ['Last 6 hours', 'now-6h', 'now'],
  ['Last 12 hours', 'now-12h', 'now'],
  ['Last 24 hours', 'now-24h', 'now'],
  ['Last 2 days', 'now-2d', 'now'],
  ['Last 7 days', 'now-7d', 'now'],
  ['Last 30 days', 'now-30d', 'now'],
  ['Today so far', 'now/d', 'now'],
  ['Yesterday', 'now-1d/d', 'now-1d/d'],
  ['This week so far', 'now/w', 'now'],
]

/** The dashboard's time: quick ranges, two fields, one step back and forth, out, and how often to refresh. */
export function TimePicker({
  raw,
  range,
  zone,
  refresh,
  intervals,
  onTime,
  onRefresh,
  onReload,
}: {
  raw: RawRange
  range: TimeRange
  zone: string
  refresh: string
  intervals: readonly string[]
  onTime: (range: RawRange) => void
  onRefresh: (interval: string) => void
  onReload: () => void
}): ReactNode {
  const details = useRef<HTMLDetailsElement>(null)
  const isAbsolute = /^\d+$/.test(raw.from)
  const text = (time: string): string =>
    /^\d+$/.test(time) ? formatDate(Number(time), 'YYYY-MM-DD HH:mm:ss', zone) : time
  const shift = (share: number): void => {
    const by = (range.toMs - range.fromMs) * share
    onTime({ from: String(Math.round(range.fromMs + by)), to: String(Math.round(range.toMs + by)) })
  }
  const close = (next: RawRange): void => {
    details.current!.open = false
    onTime(next)
  }
  return (
    <div className="time-picker">
      <button
        type="button"
        className="button icon-only"
        aria-label="Earlier"
        title="Earlier (t ←)"
        onClick={() => shift(-0.5)}
      >
        ‹
      </button>
      <details
        ref={details}
        className="menu"
        onKeyDown={(event) => event.key === 'Escape' && (details.current!.open = false)}
      >
        <summary className="button" title="Time range">
          {isAbsolute ? `${text(raw.from)} to ${text(raw.to)}` : describeRange(raw)}
        </summary>
        <div className="time-menu">
          <TimeForm
            key={`${raw.from} ${raw.to}`}
            from={text(raw.from)}
            to={text(raw.to)}
            zone={zone}
            onApply={close}
          />
          <ul>
            {QUICK.map(([name, from, to]) => (
              <li key={name}>
                <button
                  type="button"
                  aria-pressed={raw.from === from && raw.to === to}
                  onClick={() => close({ from, to })}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
        </div>
      </details>
      <button
        type="button"
        className="button icon-only"
        aria-label="Later"
        title="Later (t →)"
        onClick={() => shift(0.5)}
      >
        ›
      </button>
      <button
        type="button"
        className="button icon-only"
        aria-label="Zoom out"
        title="Zoom out (t z)"
        onClick={() => {
          const half = (range.toMs - range.fromMs) / 2
          onTime({ from: String(Math.round(range.fromMs - half)), to: String(Math.round(range.toMs + half)) })
        }}
      >
        −
      </button>
      <button
        type="button"
        className="button icon-only"
        aria-label="Refresh"
        title="Refresh (d r)"
        onClick={onReload}
      >
        ⟳
      </button>
      <select
        className="field"
        aria-label="Refresh every"
        value={refresh}
        onChange={(event) => onRefresh(event.target.value)}
      >
        <option value="">Off</option>
        {refresh !== '' && !intervals.includes(refresh) ? <option value={refresh}>{refresh}</option> : null}
        {intervals.map((interval) => (
          <option key={interval} value={interval}>
            {interval}
          </option>
        ))}
      </select>
    </div>
  )
}

function TimeForm({
  from,
  to,
  zone,
  onApply,
}: {
  from: string
  to: string
  zone: string
  onApply: (range: RawRange) => void
}): ReactNode {
  const [start, setStart] = useState(from)
  const [end, setEnd] = useState(to)
  const [fault, setFault] = useState('')
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        try {
          const parsed = parseRange({ from: start, to: end }, Date.now(), zone)
          if (parsed.fromMs >= parsed.toMs) throw new Error('The beginning is not before the end.')
          const written = (text: string, ms: number): string => (text.startsWith('now') ? text : String(ms))
          onApply({ from: written(start, parsed.fromMs), to: written(end, parsed.toMs) })
        } catch (error) {
          setFault((error as Error).message)
        }
      }}
    >
      <label>
        From
        <input className="field" value={start} onChange={(event) => setStart(event.target.value)} />
      </label>
      <label>
        To
        <input className="field" value={end} onChange={(event) => setEnd(event.target.value)} />
      </label>
      {fault === '' ? null : (
        <p role="alert" className="small">
          {fault}
        </p>
      )}
      <button className="button primary">Apply</button>
    </form>
  )
}
