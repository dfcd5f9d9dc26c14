import type { ReactNode } from 'react'

const WIDTH = 240
const HEIGHT = 56

/** A line without axes; scaled from 0 (or the least value below it) to `max` or the highest value. */
export function Spark({
  values: all,
  max,
  tone = 'accent',
}: {
  values: readonly (number | null)[]
  max?: number
  tone?: 'accent' | 'bad' | 'warn'
}): ReactNode {
  // Before the first value there is nothing to show: the line takes the whole width from the start.
  const values = all.slice(
    Math.max(
      0,
      all.findIndex((value) => value !== null),
    ),
  )
  const numbers = values.filter((value) => value !== null && Number.isFinite(value)) as number[]
  const low = Math.min(0, ...numbers)
  const high = Math.max(max ?? 0, ...numbers, low + 1e-9)
  const x = (i: number): number => (values.length < 2 ? 0 : (i / (values.length - 1)) * WIDTH)
  const y = (value: number): number => HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 8)
  const parts: string[] = []
  let open = false
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) open = false
    else {
      parts.push(`${open ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`)
      open = true
    }
  })
  const line = parts.join('')
  const area = numbers.length < 2 ? '' : `${line}L${x(values.length - 1)} ${HEIGHT}L0 ${HEIGHT}Z`
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{ color: `var(--${tone})` }}
    >
      <path d={area} fill="currentColor" opacity="0.13" />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.75" vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
