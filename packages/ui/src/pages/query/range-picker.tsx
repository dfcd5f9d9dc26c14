import { useEffect, useState, type ReactNode } from 'react'
import { dateTime, formatRange, parseDateTime, parseRange } from '../../data/format.ts'
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
      <EndField state={state} onChange={onChange} />
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

/** The end of the range as `2026-01-02 03:04:05`; empty for now. What is no time turns red and changes nothing. */
function EndField({
  state,
  onChange,
}: {
  state: PanelState
  onChange: (state: PanelState) => void
}): ReactNode {
  const shown = state.endS === undefined ? '' : dateTime(state.endS * 1000)
  const [text, setText] = useState(shown)
  useEffect(() => setText(shown), [shown])
  const isWrong = text.trim() !== '' && parseDateTime(text) === undefined
  const take = (): void => {
    if (isWrong || text === shown) return
    onChange({ ...state, endS: parseDateTime(text) })
  }
  return (
    <input
      className="field number"
      style={{ width: '11.5rem' }}
      placeholder="until now"
      aria-label="End of the range, e.g. 2026-01-02 03:04; empty for now"
      aria-invalid={isWrong}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  )
}
