import { useEffect, useState, type ReactNode } from 'react'
import { formatRange, parseRange } from '../../data/format.ts'
import type { PanelState } from './panel-url.ts'

const RANGES_S = [300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600, 14 * 24 * 3600]

/** Length and end of the range, stacking. */
export function RangePicker({
  state,
  onChange,
}: {
  state: PanelState
  onChange: (state: PanelState) => void
}): ReactNode {
  const [text, setText] = useState(formatRange(state.rangeS))
  useEffect(() => setText(formatRange(state.rangeS)), [state.rangeS])
  const set = (rangeS: number | undefined): void => {
    if (rangeS !== undefined) onChange({ ...state, rangeS })
    else setText(formatRange(state.rangeS))
  }
  const longer = RANGES_S.find((rangeS) => rangeS > state.rangeS)
  const shorter = RANGES_S.findLast((rangeS) => rangeS < state.rangeS)
  return (
    <div className="row">
      <button
        type="button"
        className="button icon-only"
        aria-label="Shorter range"
        disabled={shorter === undefined}
        onClick={() => set(shorter)}
      >
        −
      </button>
      <input
        className="field"
        style={{ width: '4.5rem', textAlign: 'center' }}
        aria-label="Range, e.g. 1h or 2d"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => set(parseRange(text))}
        onKeyDown={(event) => event.key === 'Enter' && set(parseRange(text))}
      />
      <button
        type="button"
        className="button icon-only"
        aria-label="Longer range"
        disabled={longer === undefined}
        onClick={() => set(longer)}
      >
        +
      </button>
      <input
        type="datetime-local"
        className="field"
        aria-label="End of the range"
        value={state.endS === undefined ? '' : localInput(state.endS)}
        onChange={(event) =>
          onChange({
            ...state,
            endS: event.target.value === '' ? undefined : new Date(event.target.value).getTime() / 1000,
          })
        }
      />
      {state.endS === undefined ? null : (
        <button
          type="button"
          className="button quiet"
          onClick={() => onChange({ ...state, endS: undefined })}
        >
          Now
        </button>
      )}
      <label className="row small">
        <input
          type="checkbox"
          checked={state.stacked}
          onChange={(event) => onChange({ ...state, stacked: event.target.checked })}
        />
        stacked
      </label>
    </div>
  )
}

/** Unix seconds as the input wants them: local time without zone. */
function localInput(timeS: number): string {
  const date = new Date(timeS * 1000)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
