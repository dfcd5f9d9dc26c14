import type { ReactNode } from 'react'

/** Room around an SVG drawing for its axes. */
export const MARGIN = { left: 56, right: 10, top: 8, bottom: 26 }

/** Four to six round values between two others. */
export function roundTicks(min: number, max: number, count = 5): number[] {
  const span = max - min
  if (!(span > 0) || !Number.isFinite(span)) return [min]
  const rough = span / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const ticks: number[] = []
  for (let tick = Math.ceil(min / step) * step; tick <= max + step * 1e-6; tick += step)
    ticks.push(Number(tick.toPrecision(12)))
  return ticks
}

/** Lines and texts of a value axis on the left. */
export function LeftAxis({
  ticks,
  y,
  width,
  format,
}: {
  ticks: readonly number[]
  y: (value: number) => number
  width: number
  format: (value: number) => string
}): ReactNode {
  return (
    <g className="svg-axis">
      {ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${y(tick).toFixed(1)})`}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} />
          <text x={MARGIN.left - 6} textAnchor="end" dominantBaseline="middle">
            {format(tick)}
          </text>
        </g>
      ))}
    </g>
  )
}
