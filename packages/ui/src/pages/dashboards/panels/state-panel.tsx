import {
  displayOf,
  displayText,
  fieldDisplayName,
  fieldRange,
  formatDate,
  readableOn,
  splitLong,
  timeFieldOf,
  type Display,
  type Field,
} from '@promontory/panels'
import { useMemo, useRef, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { NoData, useSize, type PanelProps } from './panel-props.tsx'

interface Stretch {
  readonly fromMs: number
  readonly toMs: number
  readonly display: Display
}

interface Lane {
  readonly name: string
  readonly stretches: readonly Stretch[]
}

/** Lanes drawn at most. */
const LANES_MAX = 100
const BOTTOM = 22

/** States over time, equal neighbours joined. */
export function StateTimelinePanel(props: PanelProps): ReactNode {
  return <States {...props} isJoined={props.panel.options['mergeValues'] !== false} />
}

/** States over time, a box per point. */
export function StatusHistoryPanel(props: PanelProps): ReactNode {
  return <States {...props} isJoined={false} />
}

function States(props: PanelProps & { isJoined: boolean }): ReactNode {
  const { panel, data, isJoined } = props
  const { theme, zone } = useDashboard()
  const host = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(host)
  const lanes = useMemo(() => {
    const frames = data.frames.flatMap((frame) =>
      frame.fields.some(({ type }) => type === 'string') && frame.fields.some(({ type }) => type === 'number')
        ? splitLong(frame)
        : [frame],
    )
    return frames
      .flatMap((frame) => {
        const time = timeFieldOf(frame)
        if (time === undefined) return []
        return frame.fields
          .filter((field) => field !== time)
          .map((field, index): Lane => {
            const name = fieldDisplayName(field, frame, frames)
            const colored =
              field.config.color === undefined && field.config.mappings === undefined
                ? { ...field, config: { ...field.config, color: { mode: 'continuous-GrYlRd' } } }
                : field
            return {
              name,
              stretches: stretchesOf(
                colored,
                time.values as number[],
                data.range.toMs,
                displayOf(colored, { theme, zone, index, name }, fieldRange(field)),
                isJoined,
              ),
            }
          })
      })
      .slice(0, LANES_MAX)
  }, [data.frames, data.range, theme, zone, isJoined])
  const left = Math.min(width * 0.3, Math.max(40, ...lanes.map(({ name }) => name.length * 7)))
  const x = (timeMs: number): number =>
    left + ((timeMs - data.range.fromMs) / (data.range.toMs - data.range.fromMs)) * (width - left - 8)
  const lane = Math.max(6, (height - BOTTOM) / Math.max(1, lanes.length))
  const isText = panel.options['showValue'] !== 'never'
  return (
    <div ref={host} className="plot">
      {lanes.length === 0 ? (
        <NoData {...props} />
      ) : (
        <svg width={width} height={height} role="img" aria-label={panel.title || 'States over time'}>
          {lanes.map(({ name, stretches }, i) => (
            <g key={i} transform={`translate(0 ${(lane * i).toFixed(1)})`}>
              <text
                className="svg-label"
                x={left - 6}
                y={lane / 2}
                textAnchor="end"
                dominantBaseline="middle"
              >
                {name.length * 7 > left ? `${name.slice(0, Math.max(3, Math.floor(left / 7) - 2))}…` : name}
              </text>
              {stretches.map(({ fromMs, toMs, display }) => {
                const from = Math.max(left, x(fromMs))
                const size = Math.max(1, Math.min(width - 8, x(toMs)) - from - (isJoined ? 0 : 1))
                const text = displayText(display)
                return (
                  <g key={fromMs}>
                    <rect
                      x={from}
                      y={lane * 0.08}
                      width={size}
                      height={lane * 0.84}
                      fill={display.color}
                      rx="2"
                      data-mark
                    >
                      <title>{`${name}: ${text}\n${formatDate(fromMs, 'YYYY-MM-DD HH:mm:ss', zone)} to ${formatDate(toMs, 'HH:mm:ss', zone)}`}</title>
                    </rect>
                    {isText && text.length * 7 + 8 < size && lane > 14 ? (
                      <text
                        x={from + 4}
                        y={lane / 2}
                        dominantBaseline="middle"
                        className="state-text"
                        fill={readableOn(display.color)}
                      >
                        {text}
                      </text>
                    ) : null}
                  </g>
                )
              })}
            </g>
          ))}
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <text
              key={share}
              className="svg-label"
              x={left + share * (width - left - 8)}
              y={height - 6}
              textAnchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
            >
              {formatDate(data.range.fromMs + share * (data.range.toMs - data.range.fromMs), 'HH:mm', zone)}
            </text>
          ))}
        </svg>
      )}
    </div>
  )
}

function stretchesOf(
  field: Field,
  times: readonly number[],
  endMs: number,
  display: (value: unknown) => Display,
  isJoined: boolean,
): Stretch[] {
  const out: Stretch[] = []
  const step = field.config.interval ?? (times.length > 1 ? times[1]! - times[0]! : 60_000)
  field.values.forEach((value, i) => {
    const fromMs = times[i]!
    const toMs = Math.min(times[i + 1] ?? Math.min(endMs, fromMs + step), fromMs + step * 1.5)
    if (value === null || value === undefined || Number.isNaN(value)) return
    const shown = display(value)
    const last = out.at(-1)
    const isSame =
      isJoined &&
      last !== undefined &&
      displayText(last.display) === displayText(shown) &&
      last.display.color === shown.color &&
      fromMs - last.toMs < step * 0.6
    if (isSame) out[out.length - 1] = { ...last, toMs }
    else out.push({ fromMs, toMs, display: shown })
  })
  return out
}
